//! Codes, names and towns, the most frequent first.

pub struct Code {
    pub system: &'static str,
    pub code: &'static str,
    pub display: &'static str,
}

/// What is measured, in which unit, and between which values.
pub struct Measure {
    pub code: Code,
    pub unit: &'static str,
    pub low: f64,
    pub high: f64,
}

pub const LOINC: &str = "http://loinc.org";
pub const SNOMED: &str = "http://snomed.info/sct";
pub const RXNORM: &str = "http://www.nlm.nih.gov/research/umls/rxnorm";
pub const UCUM: &str = "http://unitsofmeasure.org";
pub const CVX: &str = "http://hl7.org/fhir/sid/cvx";

const fn code(system: &'static str, code: &'static str, display: &'static str) -> Code {
    Code {
        system,
        code,
        display,
    }
}

const fn loinc(
    number: &'static str,
    display: &'static str,
    unit: &'static str,
    low: f64,
    high: f64,
) -> Measure {
    Measure {
        code: code(LOINC, number, display),
        unit,
        low,
        high,
    }
}

pub const PRESSURE: Code = code(
    LOINC,
    "85354-9",
    "Blood pressure panel with all children optional",
);
pub const SYSTOLIC: Measure = loinc("8480-6", "Systolic Blood Pressure", "mm[Hg]", 95.0, 165.0);
pub const DIASTOLIC: Measure = loinc("8462-4", "Diastolic Blood Pressure", "mm[Hg]", 55.0, 105.0);
pub const SMOKING: Code = code(LOINC, "72166-2", "Tobacco smoking status");

pub const VITALS: [Measure; 7] = [
    loinc("8867-4", "Heart rate", "/min", 52.0, 110.0),
    loinc("29463-7", "Body Weight", "kg", 45.0, 130.0),
    loinc("8302-2", "Body Height", "cm", 145.0, 200.0),
    loinc("39156-5", "Body Mass Index", "kg/m2", 17.0, 43.0),
    loinc("9279-1", "Respiratory rate", "/min", 10.0, 26.0),
    loinc("8310-5", "Body temperature", "Cel", 35.8, 39.5),
    loinc(
        "59408-5",
        "Oxygen saturation in Arterial blood by Pulse oximetry",
        "%",
        88.0,
        100.0,
    ),
];

pub const LABS: [Measure; 20] = [
    loinc("2339-0", "Glucose [Mass/volume] in Blood", "mg/dL", 62.0, 220.0),
    loinc(
        "4548-4",
        "Hemoglobin A1c/Hemoglobin.total in Blood",
        "%",
        4.1,
        11.5,
    ),
    loinc("38483-4", "Creatinine [Mass/volume] in Blood", "mg/dL", 0.5, 4.2),
    loinc(
        "6299-2",
        "Urea nitrogen [Mass/volume] in Blood",
        "mg/dL",
        6.0,
        42.0,
    ),
    loinc("2947-0", "Sodium [Moles/volume] in Blood", "mmol/L", 128.0, 148.0),
    loinc("6298-4", "Potassium [Moles/volume] in Blood", "mmol/L", 3.1, 5.9),
    loinc(
        "2069-3",
        "Chloride [Moles/volume] in Blood",
        "mmol/L",
        95.0,
        112.0,
    ),
    loinc(
        "20565-8",
        "Carbon dioxide, total [Moles/volume] in Blood",
        "mmol/L",
        18.0,
        32.0,
    ),
    loinc("49765-1", "Calcium [Mass/volume] in Blood", "mg/dL", 8.0, 10.9),
    loinc(
        "2093-3",
        "Cholesterol [Mass/volume] in Serum or Plasma",
        "mg/dL",
        120.0,
        310.0,
    ),
    loinc(
        "2571-8",
        "Triglyceride [Mass/volume] in Serum or Plasma",
        "mg/dL",
        60.0,
        420.0,
    ),
    loinc(
        "18262-6",
        "Cholesterol in LDL [Mass/volume] in Serum or Plasma",
        "mg/dL",
        50.0,
        210.0,
    ),
    loinc(
        "2085-9",
        "Cholesterol in HDL [Mass/volume] in Serum or Plasma",
        "mg/dL",
        25.0,
        90.0,
    ),
    loinc(
        "33914-3",
        "Glomerular filtration rate/1.73 sq M.predicted",
        "mL/min/{1.73_m2}",
        12.0,
        120.0,
    ),
    loinc(
        "6690-2",
        "Leukocytes [#/volume] in Blood by Automated count",
        "10*3/uL",
        3.0,
        16.0,
    ),
    loinc("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", 8.0, 17.5),
    loinc("4544-3", "Hematocrit [Volume Fraction] of Blood", "%", 26.0, 52.0),
    loinc(
        "777-3",
        "Platelets [#/volume] in Blood by Automated count",
        "10*3/uL",
        90.0,
        450.0,
    ),
    loinc(
        "1920-8",
        "Aspartate aminotransferase [Enzymatic activity/volume] in Serum",
        "U/L",
        9.0,
        95.0,
    ),
    loinc(
        "1742-6",
        "Alanine aminotransferase [Enzymatic activity/volume] in Serum",
        "U/L",
        7.0,
        110.0,
    ),
];

pub const CONDITIONS: [Code; 24] = [
    code(SNOMED, "59621000", "Essential hypertension"),
    code(SNOMED, "444814009", "Viral sinusitis"),
    code(SNOMED, "55822004", "Hyperlipidemia"),
    code(SNOMED, "15777000", "Prediabetes"),
    code(SNOMED, "162864005", "Body mass index 30+ - obesity"),
    code(SNOMED, "271737000", "Anemia"),
    code(SNOMED, "195662009", "Acute viral pharyngitis"),
    code(SNOMED, "10509002", "Acute bronchitis"),
    code(SNOMED, "44054006", "Diabetes mellitus type 2"),
    code(SNOMED, "302870006", "Hypertriglyceridemia"),
    code(SNOMED, "237602007", "Metabolic syndrome X"),
    code(SNOMED, "80394007", "Hyperglycemia"),
    code(SNOMED, "40055000", "Chronic sinusitis"),
    code(SNOMED, "53741008", "Coronary arteriosclerosis"),
    code(SNOMED, "88805009", "Chronic congestive heart failure"),
    code(SNOMED, "13645005", "Chronic obstructive lung disease"),
    code(SNOMED, "195967001", "Asthma"),
    code(SNOMED, "370143000", "Major depressive disorder"),
    code(SNOMED, "239873007", "Osteoarthritis of knee"),
    code(SNOMED, "49436004", "Atrial fibrillation"),
    code(SNOMED, "431855005", "Chronic kidney disease stage 1"),
    code(SNOMED, "433144002", "Chronic kidney disease stage 3"),
    code(SNOMED, "38341003", "Hypertensive disorder, systemic arterial"),
    code(SNOMED, "230690007", "Cerebrovascular accident"),
];

pub const PROCEDURES: [Code; 10] = [
    code(SNOMED, "430193006", "Medication Reconciliation"),
    code(SNOMED, "710824005", "Assessment of health and social care needs"),
    code(SNOMED, "171207006", "Depression screening"),
    code(SNOMED, "76601001", "Intramuscular injection"),
    code(SNOMED, "23426006", "Measurement of respiratory function"),
    code(SNOMED, "29303009", "Electrocardiographic procedure"),
    code(SNOMED, "399208008", "Plain chest X-ray"),
    code(SNOMED, "73761001", "Colonoscopy"),
    code(SNOMED, "40701008", "Echocardiography"),
    code(SNOMED, "265764009", "Renal dialysis"),
];

pub const MEDICATIONS: [Code; 14] = [
    code(RXNORM, "314076", "lisinopril 10 MG Oral Tablet"),
    code(
        RXNORM,
        "860975",
        "24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet",
    ),
    code(RXNORM, "312961", "Simvastatin 20 MG Oral Tablet"),
    code(RXNORM, "310798", "Hydrochlorothiazide 25 MG Oral Tablet"),
    code(RXNORM, "308136", "amLODIPine 2.5 MG Oral Tablet"),
    code(RXNORM, "313782", "Acetaminophen 325 MG Oral Tablet"),
    code(RXNORM, "198405", "Ibuprofen 100 MG Oral Tablet"),
    code(RXNORM, "308192", "Amoxicillin 500 MG Oral Tablet"),
    code(
        RXNORM,
        "866412",
        "24 HR metoprolol succinate 100 MG Extended Release Oral Tablet",
    ),
    code(RXNORM, "855332", "Warfarin Sodium 5 MG Oral Tablet"),
    code(RXNORM, "245134", "72 HR Fentanyl 0.025 MG/HR Transdermal System"),
    code(
        RXNORM,
        "895994",
        "120 ACTUAT Fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler",
    ),
    code(
        RXNORM,
        "562251",
        "Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet",
    ),
    code(
        RXNORM,
        "106892",
        "insulin isophane, human 70 UNT/ML Injectable Suspension [Humulin]",
    ),
];

pub const VACCINES: [Code; 4] = [
    code(CVX, "140", "Influenza, seasonal, injectable, preservative free"),
    code(CVX, "113", "Td (adult) preservative free"),
    code(CVX, "133", "Pneumococcal conjugate PCV 13"),
    code(CVX, "121", "zoster"),
];

pub const ALLERGIES: [Code; 5] = [
    code(SNOMED, "256277009", "Grass pollen"),
    code(SNOMED, "735029006", "Shellfish"),
    code(SNOMED, "387207008", "Ibuprofen"),
    code(SNOMED, "7984002", "Animal dander"),
    code(SNOMED, "372687004", "Amoxicillin"),
];

pub const PLANS: [Code; 5] = [
    code(SNOMED, "736285004", "Hyperlipidemia clinical management plan"),
    code(SNOMED, "698360004", "Diabetes self management plan"),
    code(SNOMED, "443402002", "Lifestyle education regarding hypertension"),
    code(SNOMED, "735985000", "Asthma self management plan"),
    code(SNOMED, "736376001", "Infectious disease care plan"),
];

pub const ACTIVITIES: [Code; 6] = [
    code(SNOMED, "226234005", "Healthy diet"),
    code(SNOMED, "229065009", "Exercise therapy"),
    code(SNOMED, "160670007", "Diabetic diet"),
    code(SNOMED, "225323000", "Smoking cessation education"),
    code(SNOMED, "413315001", "Nutrition / feeding management"),
    code(
        SNOMED,
        "135892000",
        "Dietary approaches to stop hypertension diet",
    ),
];

pub const VISITS: [Code; 6] = [
    code(SNOMED, "162673000", "General examination of patient"),
    code(SNOMED, "185345009", "Encounter for symptom"),
    code(SNOMED, "390906007", "Follow-up encounter"),
    code(SNOMED, "185349003", "Encounter for check up"),
    code(SNOMED, "50849002", "Emergency room admission"),
    code(SNOMED, "32485007", "Hospital admission"),
];

pub const FAMILIES: [&str; 48] = [
    "Smith",
    "Johnson",
    "Williams",
    "Brown",
    "Jones",
    "Garcia",
    "Miller",
    "Davis",
    "Rodriguez",
    "Martinez",
    "Hernandez",
    "Lopez",
    "Gonzalez",
    "Wilson",
    "Anderson",
    "Thomas",
    "Taylor",
    "Moore",
    "Jackson",
    "Martin",
    "Lee",
    "Perez",
    "Thompson",
    "White",
    "Harris",
    "Sanchez",
    "Clark",
    "Ramirez",
    "Lewis",
    "Robinson",
    "Walker",
    "Young",
    "Allen",
    "King",
    "Wright",
    "Scott",
    "Torres",
    "Nguyen",
    "Hill",
    "Flores",
    "Müller",
    "Núñez",
    "Côté",
    "Søndergaard",
    "O'Brien",
    "Kowalski",
    "Schröder",
    "Dvořák",
];

pub const GIVEN: [&str; 32] = [
    "James",
    "Mary",
    "Robert",
    "Patricia",
    "John",
    "Jennifer",
    "Michael",
    "Linda",
    "David",
    "Elizabeth",
    "William",
    "Barbara",
    "Richard",
    "Susan",
    "Joseph",
    "Jessica",
    "Thomas",
    "Sarah",
    "Charles",
    "Karen",
    "Ana",
    "Lucía",
    "Zoë",
    "Bjørn",
    "Amélie",
    "Ali",
    "Wei",
    "Priya",
    "Noah",
    "Emma",
    "Johnny",
    "Joan",
];

pub const TOWNS: [(&str, &str); 16] = [
    ("Boston", "02108"),
    ("Worcester", "01602"),
    ("Springfield", "01103"),
    ("Cambridge", "02138"),
    ("Lowell", "01850"),
    ("Brockton", "02301"),
    ("Quincy", "02169"),
    ("Lynn", "01901"),
    ("New Bedford", "02740"),
    ("Fall River", "02720"),
    ("Newton", "02458"),
    ("Somerville", "02143"),
    ("Framingham", "01701"),
    ("Haverhill", "01830"),
    ("Plymouth", "02360"),
    ("Saint-Étienne", "42000"),
];

pub const STREETS: [&str; 8] = [
    "Main Street",
    "Park Avenue",
    "Oak Lane",
    "Mill Road",
    "Harbor Way",
    "Church Street",
    "Elm Court",
    "Summit Drive",
];

pub const ORGANIZATIONS: [&str; 8] = [
    "General Hospital",
    "Community Health Center",
    "Medical Associates",
    "Regional Medical Center",
    "Family Practice",
    "Primary Care",
    "Rehabilitation Hospital",
    "Cardiology Group",
];
