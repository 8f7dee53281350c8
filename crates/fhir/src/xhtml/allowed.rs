//! Elements and attributes of narrative: chapters 7 to 11 and 15 of HTML 4.0, links and images.
//! <https://hl7.org/fhir/R4/narrative.html#xhtml>

/// Sorted.
const ELEMENTS: [&str; 60] = [
    "a",
    "abbr",
    "acronym",
    "address",
    "area",
    "b",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "map",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
];

/// Allowed on every element, sorted.
const COMMON: [&str; 10] = [
    "accesskey",
    "class",
    "dir",
    "id",
    "lang",
    "style",
    "tabindex",
    "title",
    "xml:lang",
    "xml:space",
];

/// Formatting of tables, lists and rules, allowed wherever it stands, sorted.
const LAYOUT: [&str; 18] = [
    "abbr",
    "align",
    "axis",
    "bgcolor",
    "border",
    "cellpadding",
    "cellspacing",
    "char",
    "charoff",
    "colspan",
    "headers",
    "height",
    "nowrap",
    "rowspan",
    "scope",
    "span",
    "valign",
    "width",
];

/// Element and attribute.
const OWN: [(&str, &str); 41] = [
    ("a", "charset"),
    ("a", "coords"),
    ("a", "href"),
    ("a", "hreflang"),
    ("a", "name"),
    ("a", "rel"),
    ("a", "rev"),
    ("a", "shape"),
    ("a", "target"),
    ("a", "type"),
    ("area", "alt"),
    ("area", "coords"),
    ("area", "href"),
    ("area", "nohref"),
    ("area", "shape"),
    ("blockquote", "cite"),
    ("br", "clear"),
    ("del", "cite"),
    ("del", "datetime"),
    ("div", "xmlns"),
    ("font", "color"),
    ("font", "face"),
    ("font", "size"),
    ("hr", "noshade"),
    ("hr", "size"),
    ("img", "alt"),
    ("img", "ismap"),
    ("img", "longdesc"),
    ("img", "src"),
    ("img", "usemap"),
    ("ins", "cite"),
    ("ins", "datetime"),
    ("li", "type"),
    ("li", "value"),
    ("map", "name"),
    ("ol", "start"),
    ("ol", "type"),
    ("q", "cite"),
    ("table", "frame"),
    ("table", "rules"),
    ("table", "summary"),
];

pub(super) fn element(name: &str) -> bool {
    ELEMENTS.binary_search(&name).is_ok()
}

pub(super) fn attribute(element: &str, name: &str) -> bool {
    COMMON.binary_search(&name).is_ok()
        || LAYOUT.binary_search(&name).is_ok()
        || OWN.binary_search(&(element, name)).is_ok()
}

/// Where links and images may lead.
const SCHEMES: [&str; 10] = [
    "cid", "data", "ftp", "http", "https", "mailto", "sms", "tel", "urn", "xmpp",
];

/// In style sheets: what runs code or fetches content.
const ACTIVE_STYLE: [&str; 8] = [
    "expression",
    "javascript",
    "vbscript",
    "behavior",
    "-binding",
    "@import",
    "url(",
    "\\",
];

/// A value without active content.
pub(super) fn harmless(name: &str, value: &str) -> Result<(), &'static str> {
    let plain: String = value
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .collect::<String>()
        .to_ascii_lowercase();
    match name {
        "href" | "src" | "cite" | "longdesc" | "usemap" => link(name, &plain),
        "style" if ACTIVE_STYLE.iter().any(|active| plain.contains(active)) || plain.contains('&') => {
            Err("a style that runs code or loads content from elsewhere")
        }
        "xmlns" if value != super::NAMESPACE => Err("an element of another namespace than XHTML"),
        _ => Ok(()),
    }
}

/// A fragment, a relative link, or one of a known scheme; `data:` only as an image.
fn link(name: &str, plain: &str) -> Result<(), &'static str> {
    let head = plain.split(['/', '?', '#']).next().unwrap_or_default();
    // An entity could spell a colon.
    if head.contains('&') {
        return Err("a link whose beginning is hidden in entities");
    }
    let Some((scheme, rest)) = head.split_once(':') else {
        return Ok(());
    };
    let image = name == "src" && rest.starts_with("image") && !plain.contains("svg");
    match SCHEMES.contains(&scheme) && (scheme != "data" || image) {
        true => Ok(()),
        false => Err("a link that may run code; use http, https, mailto, tel or #id"),
    }
}
