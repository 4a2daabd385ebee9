//! The closed lists: no other reason, class or kind exists in code, lines or metrics.

macro_rules! closed_list {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Every member of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word used in output, messages, log lines and metrics.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

closed_list! {
    /// What was repaired, left out or not certain although the event is sent.
    Warning {
        /// A consent or its withdrawal could not be read and was not sent.
        SubscriptionLost = "subscription_lost",
        /// The event had no usable id; one was made from its bytes.
        IdDerived = "id_derived",
        /// `traits`, `properties` or `context` is no object and counts as empty.
        NotAnObject = "not_an_object",
        /// An id is a placeholder such as `null` and counts as absent.
        PlaceholderUserId = "placeholder_user_id",
        /// A device's id has not the form that its system gives ids.
        NotADeviceId = "not_a_device_id",
        /// The preferred time is not usable; another one stands in.
        TimeRepaired = "time_repaired",
        /// No time is usable; the time of receipt stands in.
        TimeUnreadable = "time_unreadable",
        /// The event's name was shortened or stripped.
        NameRepaired = "name_repaired",
        /// An e-mail address of no valid form was left out.
        InvalidEmail = "invalid_email",
        /// A phone number of no valid form was left out.
        InvalidPhone = "invalid_phone",
        /// A phone number is not E.164 and was sent as given.
        PhoneNotE164 = "phone_not_e164",
        /// A gender that Braze does not know was left out.
        InvalidGender = "invalid_gender",
        /// A date of birth of no valid form was left out.
        InvalidDob = "invalid_dob",
        /// A country that is not known was left out.
        InvalidCountry = "invalid_country",
        /// A language that is not known was left out.
        InvalidLanguage = "invalid_language",
        /// An address that is no URL was left out.
        InvalidUrl = "invalid_url",
        /// A value of the wrong type or range was left out.
        InvalidValue = "invalid_value",
        /// A null that cannot unset its field was left out.
        NullIgnored = "null_ignored",
        /// A subscription group without valid id or state was left out.
        InvalidSubscriptionGroup = "invalid_subscription_group",
        /// A push token that cannot be sent was left out.
        InvalidPushToken = "invalid_push_token",
        /// A trait with a reserved name was left out.
        ReservedTraitRemoved = "reserved_trait_removed",
        /// A key with forbidden characters was renamed.
        KeyRenamed = "key_renamed",
        /// A key that cannot be sent was left out.
        KeyRemoved = "key_removed",
        /// A null inside an object or array was left out.
        NestedNullRemoved = "nested_null_removed",
        /// A `$time` that Braze would not take was left out with the object that held it.
        NestedTimeRemoved = "nested_time_removed",
        /// An array that holds an array was left out.
        UnsupportedValue = "unsupported_value",
        /// A string was cut to the configured length.
        TextCut = "text_cut",
        /// A property with a reserved name was left out.
        ReservedPropertyRemoved = "reserved_property_removed",
        /// Properties over the limit were left out.
        TooManyProperties = "too_many_properties",
        /// A product that cannot be sent was left out of its order.
        ProductSkipped = "product_skipped",
        /// A quantity that cannot be sent was folded into the price.
        QuantityFolded = "quantity_folded",
        /// A currency that is no ISO 4217 code was not used.
        InvalidCurrency = "invalid_currency",
        /// A currency that the destination may not know was sent.
        UnknownCurrency = "unknown_currency",
        /// A value is no number where one is expected and was kept as text.
        InvalidNumber = "invalid_number",
        /// A field has a type or form that its rule cannot read, and counts as absent there.
        FieldUnreadable = "field_unreadable",
        /// A consent can be read as neither given nor denied and was passed over.
        InvalidConsent = "invalid_consent",
        /// A consent lacks another one that the destination asks for beside it.
        ConsentIncomplete = "consent_incomplete",
        /// The properties of a purchase were too large and left out.
        PropertiesRemoved = "properties_removed",
        /// An order without usable products was sent as a custom event.
        OrderWithoutProducts = "order_without_products",
        /// A recommended event lacks a required field and was sent as a custom event.
        EcommerceIncomplete = "ecommerce_incomplete",
        /// A campaign or canvas cannot be triggered for this identity.
        TriggerSkipped = "trigger_skipped",
        /// A catalog item without any field was not sent: it would have emptied the stored one.
        CatalogSkipped = "catalog_skipped",
        /// Braze refused the identity call of an event; the rest was sent.
        IdentityRejected = "identity_rejected",
        /// Braze refused an item of the event; the settings say to go on.
        ItemRejected = "item_rejected",
        /// Braze reported an error that names no item.
        UnmappedError = "unmapped_error",
        /// Braze accepted the request with an answer that cannot be read.
        UnreadableAnswer = "unreadable_answer",
        /// Braze sent an event type that the table does not know.
        UnknownEventType = "unknown_event_type",
        /// The external id is neither text nor number and counts as absent.
        ExternalIdUnreadable = "external_id_unreadable",
        /// Two input fields have one name.
        FieldCollision = "field_collision",
        /// Two properties want one name; one got its alternative name.
        PropertyCollision = "property_collision",
        /// Properties were left out to stay within the size limit.
        Trimmed = "trimmed",
        /// A value that an own rule should bring into a form could not be, and stayed.
        NotConverted = "not_converted",
    }
}

closed_list! {
    /// Why there is nothing to do.
    IgnoreReason {
        /// No enabled route takes events of this source.
        NoRoute = "no_route",
        /// The route was switched off while the event waited.
        RouteOff = "route_off",
        /// The type of the event has no meaning at the destination.
        UnsupportedType = "unsupported_type",
        /// The event came from the destination itself.
        Loop = "loop",
        /// The sender switched the destination off for this event.
        IntegrationOff = "integration_off",
        /// The settings deny events of this name.
        EventDenied = "event_denied",
        /// The settings do not allow events of this name.
        EventNotAllowed = "event_not_allowed",
        /// The user is known by an anonymous id only.
        Anonymous = "anonymous",
        /// Page calls are switched off.
        PageOff = "page_off",
        /// The page has no name and the settings ask for one.
        PageUnnamed = "page_unnamed",
        /// Screen calls are switched off.
        ScreenOff = "screen_off",
        /// The screen has no name and the settings ask for one.
        ScreenUnnamed = "screen_unnamed",
        /// Group calls are switched off.
        GroupOff = "group_off",
        /// Alias calls are switched off.
        AliasOff = "alias_off",
        /// Delete calls are switched off.
        DeleteOff = "delete_off",
        /// The alias joins two known profiles, and the settings do not ask for that.
        AliasExternal = "alias_external",
        /// The alias names one id twice.
        SelfAlias = "self_alias",
        /// An event with the same id is being sent already.
        DuplicateInInvocation = "duplicate_in_invocation",
        /// A call with the same message id is in the same request.
        DuplicateInRequest = "duplicate_in_request",
        /// The destination does not import events of this name.
        NotImported = "not_imported",
        /// An app event without any device identifier.
        NoDeviceIdentifier = "no_device_identifier",
        /// An event without any identifier that the destination takes.
        NoIdentifier = "no_identifier",
        /// Events of this name are never sent.
        ExcludedEvent = "excluded_event",
        /// The source has blocked the event as fraud.
        FraudBlocked = "fraud_blocked",
        /// The category of the event is switched off.
        CategoryOff = "category_off",
        /// Events of the web SDK are switched off.
        WebEvent = "web_event",
        /// The settings deny events attributed to this partner.
        PartnerDenied = "partner_denied",
        /// The attribution is Facebook's, whose data terms are not signed, and only attributed events are sent.
        TermsNotSigned = "terms_not_signed",
        /// The event is not attributed and only attributed ones are sent.
        NotAttributed = "not_attributed",
        /// The event names no user, and the settings say to ignore such events.
        NoIdentity = "no_identity",
        /// The settings deny this event type.
        EventTypeDenied = "event_type_denied",
        /// The settings do not allow this event type.
        EventTypeNotAllowed = "event_type_not_allowed",
        /// The event type is unknown and the settings drop unknown ones.
        UnknownEventDropped = "unknown_event_dropped",
        /// The open was made by a mail proxy.
        MachineOpen = "machine_open",
        /// Braze suspects that a bot clicked.
        SuspectedBotClick = "suspected_bot_click",
        /// The user has no external id.
        NoExternalId = "no_external_id",
        /// The external id was redacted by Braze.
        ExternalIdRedacted = "external_id_redacted",
        /// The object is no Currents file of the bucket and prefix that are read.
        FileForeign = "file_foreign",
        /// An own rule dropped the event.
        OwnRule = "own_rule",
    }
}

closed_list! {
    /// Why an event can never be delivered as it is.
    ParkReason {
        /// The body is over the configured cap.
        BodyTooLarge = "body_too_large",
        /// The request holds more events than the configured cap.
        TooManyEvents = "too_many_events",
        /// The body has a content encoding that is not gzip.
        EncodingUnsupported = "encoding_unsupported",
        /// The body's base64 or gzip is broken.
        BodyUndecodable = "body_undecodable",
        /// The body is authentic, but no JSON of a shape that the source has.
        UnreadableBody = "unreadable_body",
        /// The event is nested deeper than the configured cap.
        TooDeep = "too_deep",
        /// The event is larger than a queue or the destination takes.
        EventTooLarge = "event_too_large",
        /// SQS refuses the message itself.
        QueueRefused = "queue_refused",
        /// The message is no envelope.
        UnreadableMessage = "unreadable_message",
        /// The envelope is for another destination.
        Misrouted = "misrouted",
        /// The envelope is newer than the code, for too long.
        UnknownVersion = "unknown_version",
        /// Handling this event failed by a fault of Switchyard's own.
        InternalPanic = "internal_panic",
        /// Held for longer than the configured horizon.
        HoldExpired = "hold_expired",
        /// The event is not of the form that its source documents.
        MalformedEvent = "malformed_event",
        /// The event names no user.
        NoIdentity = "no_identity",
        /// The event has no usable time.
        NoTime = "no_time",
        /// The event has no usable name.
        NoEventName = "no_event_name",
        /// The group call names no group.
        NoGroupId = "no_group_id",
        /// The group call names no subscription state.
        BadSubscriptionState = "bad_subscription_state",
        /// The alias call names no previous id.
        NoPreviousId = "no_previous_id",
        /// The event names no catalog item.
        NoItemId = "no_item_id",
        /// An item of the event is larger than Braze takes.
        TooLarge = "too_large",
        /// The destination refuses it.
        Rejected = "rejected",
        /// The destination refuses a part of it and has accepted the rest.
        PartlyRejected = "partly_rejected",
        /// It may have been accepted or not, and the settings say not to repeat it.
        Ambiguous = "ambiguous",
        /// It failed for longer than the configured horizon.
        Exhausted = "exhausted",
        /// The catalog does not exist at Braze.
        CatalogNotFound = "catalog_not_found",
        /// The event's name is reserved by the destination.
        ReservedName = "reserved_name",
        /// It is older than the destination may be told.
        TooLate = "too_late",
        /// The event has a format that Branch has retired.
        LegacyFormat = "legacy_format",
        /// Segment would answer 200 and discard it.
        InvalidCall = "invalid_call",
        /// The event names no type.
        MissingEventType = "missing_event_type",
        /// The file is no Avro file, or ends within its header.
        FileNotAvro = "file_not_avro",
        /// The file is compressed by a codec that is not read.
        FileCodec = "file_codec",
        /// The file's schema is none of Currents, or over a limit.
        FileSchema = "file_schema",
        /// A block of the file cannot be read; the others are.
        FileBlockUnreadable = "file_block_unreadable",
        /// From here on the file cannot be read.
        FileDamaged = "file_damaged",
        /// The object does not exist any more.
        FileGone = "file_gone",
        /// The object lies in an archive and has to be restored.
        FileArchived = "file_archived",
        /// The key and the schema name different types of events.
        FileTypeConflict = "file_type_conflict",
        /// Neither the key nor the schema names a type of events.
        FileTypeUnknown = "file_type_unknown",
    }
}

closed_list! {
    /// What kind of failure makes an event wait.
    RetryClass {
        /// The destination failed, or gave no answer.
        Transient = "transient",
        /// The destination asked for a pause.
        RateLimited = "rate_limited",
        /// The time of the invocation did not suffice.
        Unstarted = "unstarted",
        /// Not sent: the destination is known to be failing.
        BreakerOpen = "breaker_open",
        /// The message says when.
        NotBefore = "not_before",
        /// The parked queue did not acknowledge.
        ParkFailed = "park_failed",
        /// The envelope is newer than the code: a deploy is in progress.
        NewerVersion = "newer_version",
    }
}

closed_list! {
    /// What a person has to repair.
    HoldKind {
        /// The destination's key is refused, empty or unreadable.
        Credentials = "credentials",
        /// The destination's address is wrong.
        Config = "config",
    }
}

closed_list! {
    /// Why a request was refused at receipt.
    RefuseReason {
        /// The secret holds no usable entry for what is asked.
        Unconfigured = "unconfigured",
        /// The secret cannot be read.
        SecretUnavailable = "secret_unavailable",
        /// The request presents no credential.
        MissingCredential = "missing_credential",
        /// None of the presented credentials matches.
        WrongCredential = "wrong_credential",
        /// A signed array of two or more events lacks its token.
        TailUnproven = "tail_unproven",
        /// The settings reject signed arrays of two or more events.
        TailRejected = "tail_rejected",
        /// The sender's address is not in the allow-list.
        AddressNotAllowed = "address_not_allowed",
        /// The method is not one of this source.
        MethodNotAllowed = "method_not_allowed",
        /// Not every message was acknowledged in time.
        QueueUnavailable = "queue_unavailable",
        /// The body is over the configured cap.
        BodyTooLarge = "body_too_large",
        /// The request holds more events than the configured cap.
        TooManyEvents = "too_many_events",
        /// The body has a content encoding that is not gzip.
        EncodingUnsupported = "encoding_unsupported",
        /// The body's base64 or gzip is broken.
        BodyUndecodable = "body_undecodable",
    }
}
