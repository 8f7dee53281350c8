//! A population as files: what `baton import` and other servers' loaders read.
use super::{Item, Population};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::Path;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A file per resource type and thousand patients, a resource per line.
    Ndjson,
    /// A transaction per patient (and per place) that puts everything under its id.
    Bundles,
}

const PATIENTS_PER_FILE: usize = 1_000;

/// Writes all of it into `folder`; how many resources there were.
pub fn write(population: &Population, folder: &Path, form: Form) -> Result<usize> {
    std::fs::create_dir_all(folder)?;
    let mut files = Files::default();
    let mut count = 0;
    for (n, place) in population.places().enumerate() {
        count += place.len();
        match form {
            Form::Ndjson => files.lines(folder, 0, &place)?,
            // Loaders read in order of names, and this comes first.
            Form::Bundles => bundle(folder, &format!("0-hospital{n:06}"), place)?,
        }
    }
    for n in 0..population.patients {
        let record = population.patient(n);
        count += record.len();
        match form {
            Form::Ndjson => files.lines(folder, n / PATIENTS_PER_FILE, &record)?,
            Form::Bundles => bundle(folder, &format!("person{n:06}"), record)?,
        }
    }
    files.close()?;
    Ok(count)
}

fn bundle(folder: &Path, name: &str, items: Vec<Item>) -> Result<()> {
    let file = File::create(folder.join(format!("{name}.json")))?;
    serde_json::to_writer(BufWriter::new(file), &transaction(items)).map_err(Into::into)
}

/// One transaction of all of these.
pub fn transaction(items: Vec<Item>) -> Value {
    let entries: Vec<Value> = items
        .into_iter()
        .map(|item| {
            let url = format!("{}/{}", item.resource_type, item.id);
            json!({"resource": item.body, "request": {"method": "PUT", "url": url}})
        })
        .collect();
    json!({"resourceType": "Bundle", "type": "transaction", "entry": entries})
}

/// The open files of one part, by type.
#[derive(Default)]
struct Files {
    part: usize,
    open: HashMap<&'static str, BufWriter<File>>,
}

impl Files {
    fn lines(&mut self, folder: &Path, part: usize, items: &[Item]) -> Result<()> {
        if part != self.part {
            self.close()?;
            self.part = part;
        }
        for item in items {
            let file = match self.open.entry(item.resource_type) {
                std::collections::hash_map::Entry::Occupied(open) => open.into_mut(),
                std::collections::hash_map::Entry::Vacant(free) => {
                    let path = folder.join(format!("{}.{part:03}.ndjson", item.resource_type));
                    free.insert(BufWriter::new(File::create(path)?))
                }
            };
            serde_json::to_writer(&mut *file, &item.body)?;
            file.write_all(b"\n")?;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        for (_, mut file) in self.open.drain() {
            file.flush()?;
        }
        Ok(())
    }
}
