//! Senders, messages and transitions are an organisation's own, and so is its practice.
use super::Town;
use crate::mllp::{Line, framed};
use crate::on_both_databases;
use crate::support::messages::{APPLICATION, Adt, FACILITY, days_ago, unique};
use crate::support::{Client, Database};

on_both_databases!(a_discharge_is_worked_where_it_was_sent);

const TWO: &str = "[practice]\ncoordinator = \"Practitioner/of-the-root\"\n\
    [[tenants]]\nname = \"riverside\"\nmllp = \"127.0.0.1:0\"\n\
    [tenants.practice]\ntimezone = \"America/Chicago\"\ncoordinator = \"Practitioner/of-riverside\"\n\
    [[tenants]]\nname = \"lakeside\"\n";

fn add_sender(town: &Town, tenant: &str) {
    let args = [
        "sender",
        "add",
        "--name",
        "general",
        "--application",
        APPLICATION,
        "--facility",
        FACILITY,
        "--timezone",
        "America/New_York",
        "--config",
        &town.config,
        "--tenant",
        tenant,
    ];
    let output = town.baton.database.run(&args);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn a_discharge_is_worked_where_it_was_sent(database: Database) {
    let town = Town::start(database, TWO);
    add_sender(&town, "riverside");
    let river = town.partner("riverside");
    let discharge = Adt::new("A03", &unique("P"), &unique("V"));
    let discharge = discharge.discharged(days_ago(1), "01").text();
    assert!(river.hl7(&discharge).text.contains("MSA|AA"));
    let tasks = river.find("Task?code=urn:baton:task|tcm-contact");
    assert_eq!(tasks.len(), 1, "{tasks:#?}");
    assert_eq!(tasks[0]["owner"]["reference"], "Practitioner/of-riverside");
    for other in [town.baton.partner(), town.partner("lakeside")] {
        // The sender is a stranger there, and the message is kept there alone.
        assert!(other.hl7(&discharge).text.contains("MSA|AR"));
        assert_eq!(
            other.find("Encounter").len() + other.find("Task?code=urn:baton:task|tcm-contact").len(),
            0
        );
    }
    assert_eq!(river.find("Task?code=urn:baton:task|message-review").len(), 0);
    // The same message again, now on riverside's own line.
    let address = town
        .baton
        .ready
        .rsplit_once(",mllp=")
        .expect("a line of its own")
        .1;
    let address = address.split_whitespace().next().expect("an address");
    let mut line = Line::to(address);
    line.send(framed(&discharge));
    let again = line.answer();
    assert!(again.contains("MSA|AA"), "{again}");
    let anonymous = Client::anonymous(&town.base("riverside"));
    assert_eq!(anonymous.hl7(&discharge).status, 401);
}
