//! Transitional care, from the end of a stay to worked tasks, as a partner sees it over FHIR.
//!
//! Scenes about dates stand in 2040, so that they say the same on every day they run: a discharge
//! to come opens an episode like one just past.
mod corrections;
mod deadlines;
mod eligibility;
mod opening;
mod people;
mod protocol;
mod reconsider;
mod sequel;
mod work;
