//! Which ends of a stay start transitional care.
use crate::on_both;
use crate::support::messages::{Adt, days_ago, unique};
use crate::support::{Baton, Client};

on_both!(who_goes_home_is_followed, who_does_not_is_not);

/// The visit number of a stay of that class that ended so.
fn ended(client: &Client, class: &'static str, disposition: &'static str) -> String {
    let (patient, visit) = (unique("P"), unique("V"));
    let of_class = |mut message: Adt| {
        message.class = class;
        message
    };
    let begin = if class == "I" { "A01" } else { "A04" };
    client.taken(&of_class(Adt::new(begin, &patient, &visit)));
    client.taken(&of_class(
        Adt::new("A03", &patient, &visit).discharged(days_ago(1), disposition),
    ));
    visit
}

fn who_goes_home_is_followed(baton: &Baton) {
    baton.sender_mapped(
        "general",
        "[classes]\nOBS = \"OBSENC\"\n[dispositions]\nHHC = \"06\"\n",
    );
    let partner = baton.partner();
    for (class, disposition) in [
        ("I", "01"),
        ("I", "1"),
        ("I", "06"),
        ("I", "07"),
        ("I", "81"),
        ("I", "HHC"),
        ("OBS", "01"),
    ] {
        let visit = ended(&partner, class, disposition);
        let course = partner.course(&visit);
        assert_eq!(course.episode["status"], "active", "{class} {disposition}");
    }
    assert!(partner.find("Task?code=urn:baton:task|message-review").is_empty());
}

fn who_does_not_is_not(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let elsewhere = [
        "02", "03", "3", "20", "30", "62", "63", "65", "66", "82", "41", "51",
    ]
    .map(|code| ("I", code));
    let not_admitted = [("E", "01"), ("O", "01")];
    for (class, disposition) in elsewhere.into_iter().chain(not_admitted) {
        let visit = ended(&partner, class, disposition);
        assert_eq!(
            partner.stay(&visit)["status"],
            "finished",
            "{class} {disposition}"
        );
        assert!(partner.uneventful(&visit), "{class} {disposition}");
    }
}
