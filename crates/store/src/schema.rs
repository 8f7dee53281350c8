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
        body -> Binary,
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
        body -> Binary,
    }
}

diesel::table! {
    /// Types whose references must lead somewhere.
    reference_policy (type_id) {
        type_id -> SmallInt,
    }
}

diesel::table! {
    /// Where their references lead.
    reference_held (target_type, target, key) {
        target_type -> SmallInt,
        target -> Text,
        key -> BigInt,
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
        body -> Binary,
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
        public -> Bool,
        grant_types -> Text,
        redirect_uris -> Text,
        launch_url -> Nullable<Text>,
        organization -> Nullable<Text>,
    }
}

diesel::table! {
    consent_rule (consent, nth) {
        consent -> Text,
        nth -> SmallInt,
        node -> SmallInt,
        parent -> SmallInt,
        permits -> Bool,
        patient -> Text,
        since -> BigInt,
        until -> BigInt,
        actor -> Nullable<Text>,
        actor_2 -> Nullable<Text>,
        actor_3 -> Nullable<Text>,
        purpose -> Nullable<Text>,
        class -> Nullable<SmallInt>,
        code -> Nullable<Text>,
        code_system -> Nullable<BigInt>,
        data -> Nullable<Text>,
        label -> Nullable<Text>,
        label_system -> Nullable<BigInt>,
        low -> Nullable<BigInt>,
        high -> Nullable<BigInt>,
    }
}

diesel::table! {
    account (id) {
        id -> Text,
        name -> Text,
        password -> Text,
        password_set -> BigInt,
        fhir_user -> Text,
        totp -> Nullable<Text>,
        totp_step -> BigInt,
        created -> BigInt,
        disabled -> Nullable<BigInt>,
        issuer -> Nullable<Text>,
        subject -> Nullable<Text>,
    }
}

diesel::table! {
    allowed (account, client) {
        account -> Text,
        client -> Text,
        scope -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    login_attempt (name) {
        name -> Text,
        failed -> BigInt,
        locked_until -> BigInt,
        expires -> BigInt,
    }
}

diesel::table! {
    /// What unguessable texts stand for.
    handle (hash) {
        hash -> Text,
        kind -> Text,
        body -> Text,
        expires -> BigInt,
        used -> Nullable<BigInt>,
    }
}

diesel::table! {
    /// What people granted to apps.
    granted (id) {
        id -> Text,
        client -> Text,
        account -> Text,
        body -> Text,
        created -> BigInt,
        expires -> BigInt,
        revoked -> Nullable<BigInt>,
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
        request -> Binary,
        key -> BigInt,
        version -> BigInt,
        deleted -> Bool,
        detail -> Nullable<Binary>,
    }
}

diesel::table! {
    /// The chain over the rows of `audit`.
    audit_seal (number) {
        number -> BigInt,
        at -> BigInt,
        first_id -> BigInt,
        last_id -> BigInt,
        entries -> BigInt,
        marks -> Binary,
        hash -> Binary,
    }
}

diesel::table! {
    setting (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    /// Search parameters beyond R4's, and how far their index is.
    search_param (id) {
        id -> Integer,
        type_id -> SmallInt,
        code -> Text,
        resource_id -> Text,
        definition -> Text,
        state -> Text,
        reached -> BigInt,
        done -> BigInt,
        total -> BigInt,
        failed -> BigInt,
        error -> Nullable<Text>,
        created -> BigInt,
        changed -> BigInt,
    }
}

diesel::table! {
    /// One row.
    search_generation (value) {
        value -> BigInt,
    }
}

diesel::table! {
    lease (name) {
        name -> Text,
        holder -> Text,
        until -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(resource, resource_history, idx_reference);
diesel::allow_tables_to_appear_in_same_query!(inbox, event);
diesel::allow_tables_to_appear_in_same_query!(resource, reference_held);
diesel::allow_tables_to_appear_in_same_query!(resource, consent_rule);
