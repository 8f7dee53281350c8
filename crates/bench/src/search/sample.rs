//! What can be asked of a population: values that are there.
use baton_bench::synthetic::{Item, Population, Random};
use serde_json::Value;

/// Patients whose records are at hand.
const PATIENTS: usize = 200;

pub struct Sample {
    pub population: Population,
    records: Vec<Vec<Item>>,
}

impl Sample {
    pub fn of(population: &Population) -> Sample {
        let mut random = Random::of(population.seed, "sample", 0);
        let records = (0..PATIENTS)
            .map(|_| population.patient(random.below(population.patients)))
            .collect();
        Sample {
            population: *population,
            records,
        }
    }

    /// One draw, with a stream of its own for each number.
    pub fn draw(&self, n: usize) -> Draw<'_> {
        Draw {
            record: &self.records[n % self.records.len()],
            population: &self.population,
            random: Random::of(self.population.seed, "draw", n),
        }
    }
}

/// One patient to ask about.
pub struct Draw<'a> {
    record: &'a [Item],
    population: &'a Population,
    pub random: Random,
}

impl<'a> Draw<'a> {
    pub fn patient(&self) -> &'a str {
        &self.record[0].id
    }

    /// A value out of one of the patient's resources of that type, or of the Patient.
    pub fn value(&mut self, resource_type: &str, pointer: &str) -> String {
        let with: Vec<&Value> = self
            .record
            .iter()
            .filter(|item| item.resource_type == resource_type)
            .filter_map(|item| item.body.pointer(pointer))
            .collect();
        match with.is_empty() {
            true => "none".to_string(),
            false => plain(with[self.random.below(with.len())]),
        }
    }

    /// The id in a reference.
    pub fn target(&mut self, resource_type: &str, pointer: &str) -> String {
        let reference = self.value(resource_type, pointer);
        reference.rsplit('/').next().unwrap_or_default().to_string()
    }

    pub fn name_of_a_place(&mut self) -> String {
        let n = self.random.below(self.population.place_count());
        let place = self.population.place(n);
        place
            .first()
            .map_or_else(String::new, |item| plain(&item.body["name"]))
    }

    /// A day within the years of care.
    pub fn day(&mut self) -> String {
        let year = self.random.between(2016, 2024);
        format!(
            "{year}-{:02}-{:02}",
            self.random.between(1, 12),
            self.random.between(1, 28)
        )
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}
