use hl7v2::Batch;

const ONE: &str = "MSH|^~\\&|A|B\rPID|1\r";
const TWO: &str = "MSH|^~\\&|A|B\rZZZ|x\r";

#[test]
fn the_messages_of_a_batch_come_out_as_they_went_in() {
    let plain = format!("BHS|^~\\&|A|B|C|D|2026||||77\r{ONE}{TWO}BTS|2\r");
    let file = format!("\x0bFHS|^~\\&|A|B\r{plain}FTS|1\r\x1c\r");
    let open = format!("BHS|^~\\&|A|B\r{ONE}{TWO}");
    let lines = plain.replace('\r', "\n");
    for text in [&plain, &file, &open, &lines] {
        let batch = Batch::split(text.as_bytes()).expect("a batch");
        let messages: Vec<String> = batch
            .messages
            .iter()
            .map(|message| String::from_utf8_lossy(message).replace('\n', "\r"))
            .collect();
        let ends = messages.iter().map(|message| message.trim_end());
        assert!(ends.eq([ONE, TWO].map(str::trim_end)), "{text:?}: {messages:?}");
    }
    for no in [ONE, "", "BHS", "BHS|^~\\&\rBTS|0\r", "\u{feff}MSH|"] {
        assert_eq!(Batch::split(no.as_bytes()), None, "{no:?}");
    }
}

#[test]
fn what_no_header_precedes_is_not_lost() {
    let text = format!("BHS|^~\\&|A|B\r\n\r\nPID|1\r\nPV1|1\r\n{ONE}BTS|2\r\nPV1|2");
    let batch = Batch::split(text.as_bytes()).expect("a batch");
    let messages = batch.messages.iter().map(|message| message.trim_ascii_end());
    assert!(messages.eq([&b"PID|1\r\nPV1|1"[..], ONE.trim_end().as_bytes(), b"PV1|2"]));
}

#[test]
fn the_answer_is_a_batch() {
    let text = format!("FHS|^~\\&|A|B\rBHS|^~\\&|A|B|C|D|2026||||77\r{ONE}{TWO}BTS|3\rFTS|1\r");
    let batch = Batch::split(text.as_bytes()).expect("a batch");
    let acks = [b"MSH|1\rMSA|AA\r".to_vec(), b"MSH|2\rMSA|AA\r".to_vec()];
    let answer = String::from_utf8(batch.answer(&acks, "ID", 0)).expect("UTF-8");
    let lines: Vec<&str> = answer.split_terminator('\r').collect();
    assert!(lines[0].starts_with("FHS|^~\\&|C|D|A|B|1970") && lines[0].ends_with("||||ID|77"));
    assert_eq!(lines[1], lines[0].replace("FHS", "BHS"));
    assert_eq!(lines[2..6], ["MSH|1", "MSA|AA", "MSH|2", "MSA|AA"]);
    assert_eq!(lines[6..], ["BTS|2|3 were announced, 2 came", "FTS|1"]);
}

#[test]
fn the_counts_of_all_batches_of_a_file_are_added() {
    let told = |trailers: [&str; 2]| {
        let [one, two] = trailers;
        let text = format!("FHS|^~\\&\rBHS|^~\\&\r{ONE}{one}\rBHS|^~\\&\r{TWO}{two}\rFTS|2\r");
        let batch = Batch::split(text.as_bytes()).expect("a batch");
        let answer = String::from_utf8(batch.answer(&[], "ID", 0)).expect("UTF-8");
        answer.contains("announced")
    };
    assert!(!told(["BTS|1", "BTS|1"]));
    assert!(told(["BTS|1", "BTS|2"]));
    assert!(!told(["BTS|1", "BTS"]), "one does not say");
    assert!(!told(["NTE|1", "NTE|1"]));
}
