//! `near`: positions within a distance. <https://hl7.org/fhir/R4/location.html#positional>
//!
//! A box around the point finds the candidates by latitude and longitude; the great circle
//! decides.
use serde_json::Value;

const EARTH_RADIUS_KM: f64 = 6371.0088;
const KM_PER_DEGREE: f64 = EARTH_RADIUS_KM * std::f64::consts::PI / 180.0;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    pub latitude: f64,
    pub longitude: f64,
    pub kilometres: f64,
}

/// Latitudes from `south` to `north`, and one or (across the date line) two spans of longitude.
#[derive(Clone, Debug, PartialEq)]
pub struct Area {
    pub south: f64,
    pub north: f64,
    pub spans: Vec<(f64, f64)>,
}

impl Near {
    /// Whether a `Location.position` is as near as that.
    pub fn holds(&self, position: &Value) -> bool {
        match (position["latitude"].as_f64(), position["longitude"].as_f64()) {
            (Some(latitude), Some(longitude)) => self.distance(latitude, longitude) <= self.kilometres,
            _ => false,
        }
    }

    /// By haversine, in kilometres.
    fn distance(&self, latitude: f64, longitude: f64) -> f64 {
        let (from, to) = (self.latitude.to_radians(), latitude.to_radians());
        let (dlat, dlon) = (to - from, (longitude - self.longitude).to_radians());
        let a = (dlat / 2.0).sin().powi(2) + from.cos() * to.cos() * (dlon / 2.0).sin().powi(2);
        2.0 * EARTH_RADIUS_KM * a.sqrt().min(1.0).asin()
    }

    /// All that is near lies in it.
    pub fn area(&self) -> Area {
        // A little more than needed: rounding must not lose what lies on the edge.
        let degrees = self.kilometres / KM_PER_DEGREE * 1.001 + 1e-9;
        let (south, north) = (self.latitude - degrees, self.latitude + degrees);
        let reach = degrees.to_radians().sin() / self.latitude.to_radians().cos();
        let spans = if south <= -90.0 || north >= 90.0 || degrees >= 90.0 || reach >= 1.0 {
            vec![(-180.0, 180.0)]
        } else {
            let width = reach.asin().to_degrees() + 1e-9;
            wrap(self.longitude - width, self.longitude + width)
        };
        Area { south, north, spans }
    }
}

fn wrap(west: f64, east: f64) -> Vec<(f64, f64)> {
    match (west < -180.0, east > 180.0) {
        (true, _) => vec![(-180.0, east), (west + 360.0, 180.0)],
        (_, true) => vec![(west, 180.0), (-180.0, east - 360.0)],
        _ => vec![(west, east)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn distances_are_those_of_the_earth() {
        let boston = Near {
            latitude: 42.3601,
            longitude: -71.0589,
            kilometres: 310.0,
        };
        let new_york = json!({"latitude": 40.7128, "longitude": -74.006});
        assert!(boston.holds(&new_york));
        assert!(
            !Near {
                kilometres: 300.0,
                ..boston
            }
            .holds(&new_york)
        );
        let fiji = Near {
            latitude: -17.0,
            longitude: 179.9,
            kilometres: 50.0,
        };
        assert!(fiji.holds(&json!({"latitude": -17.0, "longitude": -179.9})));
    }

    proptest! {
        #[test]
        fn what_is_near_is_in_the_area(
            latitude in -90.0..90.0f64, longitude in -180.0..180.0f64, kilometres in 0.0..12_000.0f64,
            there in (-90.0..90.0f64, -180.0..180.0f64),
        ) {
            let near = Near { latitude, longitude, kilometres };
            if near.holds(&json!({"latitude": there.0, "longitude": there.1})) {
                let area = near.area();
                prop_assert!((area.south..=area.north).contains(&there.0));
                prop_assert!(area.spans.iter().any(|(west, east)| (*west..=*east).contains(&there.1)));
            }
        }
    }
}
