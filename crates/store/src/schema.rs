//! The tables, once for both engines. The SQL is in `migrations/`, one folder per engine.

diesel::table! {
    /// Current versions.
    resource (key) {
        key -> BigInt,
        type_id -> SmallInt,
        id -> Text,
        version -> BigInt,
        updated -> BigInt,
        deleted -> Bool,
        body -> Text,
    }
}

diesel::table! {
    /// Versions that were replaced.
    resource_history (key, version) {
        key -> BigInt,
        version -> BigInt,
        type_id -> SmallInt,
        id -> Text,
        updated -> BigInt,
        deleted -> Bool,
        body -> Text,
    }
}

diesel::table! {
    idx_token (param, code, key, system) {
        param -> Integer,
        code -> Text,
        key -> BigInt,
        system -> BigInt,
    }
}

diesel::table! {
    /// `target_type` is -1 where the target is not a resource here.
    idx_reference (param, target, key, target_type) {
        param -> Integer,
        target -> Text,
        key -> BigInt,
        target_type -> SmallInt,
    }
}

diesel::table! {
    idx_date (param, low, high, key) {
        param -> Integer,
        low -> BigInt,
        high -> BigInt,
        key -> BigInt,
    }
}

diesel::table! {
    /// `exact` is empty where it equals `norm`.
    idx_string (param, norm, exact, key) {
        param -> Integer,
        norm -> Text,
        exact -> Text,
        key -> BigInt,
    }
}

diesel::table! {
    idx_number (param, key, low, high) {
        param -> Integer,
        key -> BigInt,
        low -> Double,
        high -> Double,
    }
}

diesel::table! {
    idx_quantity (param, key, value, code, system) {
        param -> Integer,
        key -> BigInt,
        value -> Double,
        code -> BigInt,
        system -> BigInt,
    }
}

diesel::table! {
    /// Messages as they came.
    inbox (id) {
        id -> Text,
        received -> BigInt,
        channel -> Text,
        sender -> Text,
        control_id -> Text,
        envelope -> Nullable<Text>,
        event -> Text,
        hash -> Text,
        outcome -> Text,
        ack_code -> Text,
        detail -> Text,
        raw -> Binary,
        response -> Nullable<Binary>,
    }
}

diesel::table! {
    /// What messages said of a stay and a patient; `body` is a `fhir::event::Event` as JSON.
    event (id) {
        id -> BigInt,
        inbox -> Text,
        stay -> Nullable<Text>,
        prior_stay -> Nullable<Text>,
        patient -> Text,
        merged -> Nullable<Text>,
        occurred -> BigInt,
        recorded -> BigInt,
        business_key -> Text,
        body -> Text,
    }
}

diesel::table! {
    client (id) {
        id -> Text,
        name -> Text,
        scope -> Text,
        secret_hash -> Nullable<Text>,
        jwks -> Nullable<Text>,
        jwks_url -> Nullable<Text>,
        created -> BigInt,
        disabled -> Nullable<BigInt>,
    }
}

diesel::table! {
    jti (issuer, token) {
        issuer -> Text,
        #[sql_name = "jti"]
        token -> Text,
        expires -> BigInt,
    }
}

diesel::table! {
    sender (name) {
        name -> Text,
        application -> Text,
        facility -> Text,
        config -> Text,
        created -> BigInt,
        disabled -> Nullable<BigInt>,
    }
}

diesel::table! {
    signing_key (kid) {
        kid -> Text,
        algorithm -> Text,
        private -> Text,
        created -> BigInt,
        retired -> Nullable<BigInt>,
    }
}

diesel::table! {
    import_file (path) {
        path -> Text,
        hash -> Text,
        done -> BigInt,
        updated -> BigInt,
    }
}

diesel::table! {
    audit (id) {
        id -> BigInt,
        at -> BigInt,
        actor -> Text,
        request -> Text,
        action -> Text,
        type_id -> SmallInt,
        resource_id -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    setting (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    resource,
    resource_history,
    idx_token,
    idx_reference,
    idx_date,
    idx_string,
    idx_number,
    idx_quantity
);
diesel::allow_tables_to_appear_in_same_query!(inbox, event);
