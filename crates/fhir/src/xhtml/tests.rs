use super::*;

fn div(inner: &str) -> String {
    format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{inner}</div>")
}

#[test]
fn formatting_is_allowed() {
    let right = [
        "x",
        "<p class='a' style=\"color: red; margin:1px\">a<br/>b &amp; c &nbsp; &#160; &#xA0;</p>",
        "<table border=\"1\"><tbody><tr><td colspan=\"2\" align='left'>x</td></tr></tbody></table>",
        "<a href=\"http://example.org/a?b=c&amp;d#e\">x</a><a name=\"y\">x</a><a href='#z'>x</a>",
        "<a href=\"Patient/1\">x</a><a href=\"mailto:a@b\">x</a>",
        "<img src=\"data:image/png;base64,AAAA\" alt=\"x\"/>",
        "<img src='image.png'/>",
        "<!-- a comment -->x",
        "\u{1F600} é \u{a0}",
    ];
    for inner in right {
        assert_eq!(check(&div(inner)), Ok(()), "{inner}");
    }
    assert_eq!(check(&format!("\n {}\n", div("x"))), Ok(()));
    assert_eq!(
        check("<div xmlns='http://www.w3.org/1999/xhtml' lang='en'>x</div >"),
        Ok(())
    );
}

#[test]
fn active_content_is_refused() {
    let wrong = [
        "<script>x</script>",
        "<SCRIPT>x</SCRIPT>",
        "<script src='http://x'/>x",
        "<iframe src='http://x'>x</iframe>",
        "<object>x</object>",
        "<form action='x'>x</form>",
        "<input value='x'/>x",
        "<svg>x</svg>",
        "<style>x</style>",
        "<link rel='stylesheet' href='x'/>x",
        "<base href='x'/>x",
        "<p onclick='x()'>x</p>",
        "<p ONCLICK='x()'>x</p>",
        "<img src='x' onerror='x'/>",
        "<a href='javascript:x()'>x</a>",
        "<a href=' JaVa\tScript:x()'>x</a>",
        "<a href='java&#115;cript:x'>x</a>",
        "<a href='javascript&colon;x'>x</a>",
        "<a href='data:text/html,x'>x</a>",
        "<img src='data:image/svg+xml,x'/>",
        "<p style='width: expression(x)'>x</p>",
        "<p style='background: url(http://x)'>x</p>",
        "<p style='background: u\\72l(x)'>x</p>",
        "<p style='&#117;rl(x)'>x</p>",
        "<p xmlns='http://www.w3.org/2000/svg'>x</p>",
        "<div xmlns='http://www.w3.org/2000/svg'>x</div>",
    ];
    for inner in wrong {
        let fault = check(&div(inner)).expect_err(inner);
        assert_eq!(fault.key, "txt-1", "{inner}");
    }
}

#[test]
fn markup_is_well_formed() {
    let wrong = [
        "<p>x",
        "x</p>",
        "<b><i>x</b></i>",
        "<p",
        "<p class>x</p>",
        "<p class=a>x</p>",
        "<p class='a>x</p>",
        "<p class='a'id='b'>x</p>",
        "<p class='a' class='b'>x</p>",
        "<p class='<'>x</p>",
        "a < b",
        "a & b",
        "&amp",
        "&#0;",
        "&#x1;",
        "&#xD800;",
        "&;",
        "<![CDATA[x]]>",
        "<?php x ?>",
        "<!-- a -- b -->x",
        "<!-- a",
        "\u{1}",
        "</div><div>x",
    ];
    for inner in wrong {
        check(&div(inner)).expect_err(inner);
    }
    for whole in [
        "",
        "x",
        "<p>x</p>",
        "<div>x</div>",
        "<div xmlns='x'>x</div>",
        "<!DOCTYPE html>",
    ] {
        check(whole).expect_err(whole);
    }
    check(&(div("x") + &div("x"))).expect_err("two roots");
    check(&(div("x") + "y")).expect_err("text outside");
}

#[test]
fn there_is_something_to_read() {
    for empty in ["", " \n", "<p> </p>", "<br/>", "<!-- x -->"] {
        assert_eq!(check(&div(empty)).expect_err(empty).key, "txt-2");
    }
    let alone = check("<div xmlns='http://www.w3.org/1999/xhtml'/>").expect_err("empty");
    assert_eq!(alone.key, "txt-2");
}

#[test]
fn faults_say_where() {
    assert_eq!(check(&div("<b>x</b><script/>")).expect_err("a fault").at, 42 + 8);
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| div(&("<b>".repeat(depth) + "x" + &"</b>".repeat(depth)));
    assert_eq!(check(&nested(MAX_DEPTH - 1)), Ok(()));
    check(&nested(MAX_DEPTH)).expect_err("too deep");
    check(&nested(400_000)).expect_err("too deep");
    check(&div(&"x".repeat(MAX_LENGTH))).expect_err("too long");
}

proptest::proptest! {
    #[test]
    fn arbitrary_markup_never_panics(text in "[<>/a-c ='\"&;#xé!-]{0,60}") {
        let _ = (check(&text), check(&div(&text)));
    }

    #[test]
    fn what_is_accepted_has_no_active_content(text in "(<(script|b|a href='javascript:|p onload='|img src='x)[ />'=]*|x){0,5}") {
        if check(&div(&text)).is_ok() {
            for active in ["<script", "javascript:", "onload"] {
                proptest::prop_assert!(!text.contains(active));
            }
        }
    }
}
