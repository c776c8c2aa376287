using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.DemoData;

namespace MedCor.Gateway.OpenApi;

/// <summary>
/// Creates example values that match a schema. A field name has the same meaning everywhere in the contract, so examples are stored by field name; a field
/// without a stored example gets the simplest value that its schema allows. The people and the hospital are those of the demo data, so that a call can be
/// tried without changes.
/// </summary>
internal static class ExampleValues
{
    private static readonly DemoHospital Hospital = DemoTenants.Hospitals[0];
    private static readonly (DemoPerson Person, string Code) Doctor = Hospital.Doctors[0];
    private static readonly DemoPerson Patient = Hospital.Patients[0];
    private static readonly (Guid Id, string Code, string Name, string Description) Specialty = DemoTenants.Specialties.Single(s => s.Code == Doctor.Code);

    /// <summary>The stored examples by field name, or by record and field name where the record makes a difference.</summary>
    private static readonly Dictionary<string, JsonNode?> Values = new()
    {
        ["hospital_id"] = Hospital.Id,
        ["doctor_id"] = Doctor.Person.Id,
        ["author_id"] = Doctor.Person.Id,
        ["patient_id"] = Patient.Id,
        ["user_id"] = Patient.Id,
        ["specialty_id"] = Specialty.Id,
        ["patient_name"] = $"{Patient.FirstName} {Patient.LastName}",
        ["doctor_name"] = $"{Doctor.Person.FirstName} {Doctor.Person.LastName}",

        ["email"] = Patient.Email,
        ["password"] = DemoTenants.Password,
        ["current_password"] = DemoTenants.Password,
        ["first_name"] = Patient.FirstName,
        ["last_name"] = Patient.LastName,
        ["role"] = "PATIENT",
        ["phone_number"] = PhoneNumberAttribute.Example,
        ["date_of_birth"] = "1984-05-17",
        ["license_number"] = "DE-10117-4482",
        ["years_of_experience"] = 12,
        ["search"] = Patient.LastName,
        ["User.id"] = Patient.Id,
        ["Patient.id"] = Patient.Id,
        ["DeactivatedUser.id"] = Patient.Id,
        ["User.license_number"] = null,
        ["User.years_of_experience"] = null,
        ["DeactivatedUser.license_number"] = null,
        ["DeactivatedUser.years_of_experience"] = null,
        ["CreateUser.email"] = "new.patient@general.example",
        ["CreateUser.license_number"] = null,
        ["CreateUser.years_of_experience"] = null,
        ["UpdateUser.license_number"] = null,
        ["UpdateUser.years_of_experience"] = null,
        ["Doctor.id"] = Doctor.Person.Id,
        ["Doctor.email"] = Doctor.Person.Email,
        ["Doctor.first_name"] = Doctor.Person.FirstName,
        ["Doctor.last_name"] = Doctor.Person.LastName,
        ["ListDoctors.search"] = Doctor.Person.LastName,
        ["ListHospitals.search"] = Hospital.Name,
        ["ListSpecialties.search"] = Specialty.Name,
        ["specialty"] = Specialty.Name,
        ["code"] = Specialty.Code,
        ["Specialty.id"] = Specialty.Id,
        ["Specialty.name"] = Specialty.Name,
        ["Specialty.description"] = Specialty.Description,
        ["CreateSpecialty.code"] = "NEUR",
        ["CreateSpecialty.name"] = "Neurology",
        ["CreateSpecialty.description"] = "Brain, spine and nerves",
        ["UpdateSpecialty.name"] = Specialty.Name,
        ["UpdateSpecialty.description"] = Specialty.Description,
        ["DoctorSpecialty.name"] = Specialty.Name,
        ["SpecialtyDemand.name"] = Specialty.Name,
        ["certification_date"] = "2016-09-30",

        ["Hospital.id"] = Hospital.Id,
        ["Hospital.name"] = Hospital.Name,
        ["UpdateHospital.name"] = Hospital.Name,
        ["Hospital.email"] = $"office@{Hospital.Domain}.example",
        ["UpdateHospital.email"] = $"office@{Hospital.Domain}.example",
        ["Hospital.subdomain"] = Hospital.Domain,
        ["CreateHospital.name"] = "Lakeside",
        ["CreateHospital.email"] = "office@lakeside.example",
        ["CreateHospital.subdomain"] = "lakeside",
        ["registration_number"] = "DE-BE-2026-0117",
        ["address_line1"] = "Lindenstrasse 12",
        ["address_line2"] = "House B",
        ["city"] = Hospital.City,
        ["state"] = "Berlin",
        ["country"] = Hospital.Country,
        ["postal_code"] = Hospital.PostalCode,
        ["hospital_type"] = "General",
        ["time_zone"] = Hospital.TimeZone,

        ["date"] = "2027-03-01",
        ["date_from"] = "2026-01-01",
        ["date_to"] = "2027-12-31",
        ["appointment_date"] = "2027-03-01",
        ["appointment_time"] = "14:00:00",
        ["duration_minutes"] = 30,
        ["new_date"] = "2027-03-01",
        ["new_time"] = "08:00:00",
        ["new_time_zone"] = "America/New_York",
        ["max_open_patient_bookings"] = 3,
        ["starts_at"] = "2027-03-01T13:00:00Z",
        ["ends_at"] = "2027-03-01T13:30:00Z",
        ["reason"] = "Regular checkup",
        ["notes"] = "Prefers to be called before noon.",
        ["rating"] = 5,
        ["Appointment.rating"] = null,
        ["rating_comment"] = null,
        ["comment"] = "Took the time to explain everything.",
        ["slot_minutes"] = 30,
        ["available_times"] = new JsonArray("09:00:00", "09:30:00", "14:00:00"),
        ["weekday"] = "MONDAY",
        ["working_hours"] = new JsonArray(Period("MONDAY", "09:00:00", "17:00:00"), Period("TUESDAY", "09:00:00", "13:00:00")),
        ["breaks"] = new JsonArray(Period("MONDAY", "12:00:00", "13:00:00")),
        ["exceptions"] = new JsonArray(new JsonObject { ["date"] = "2027-03-02", ["reason"] = "Conference" }),
        ["rescheduled_from"] = null,
        ["rescheduled_to"] = null,

        ["prompt"] = "appointment_booking",
        ["initial_data"] = new JsonObject { ["preferred_date"] = "2027-03-01" },
        ["AnswerPrompt.input"] = new JsonObject { ["reason"] = "Regular checkup" },
        ["AnswerPrompt.step"] = "describe_concern",

        ["resource"] = "medical_records",
        ["AuditEvent.user_id"] = Doctor.Person.Id,
        ["AuditEvent.user_name"] = $"{Doctor.Person.FirstName} {Doctor.Person.LastName}",
        ["AuditEvent.role"] = "DOCTOR",
        ["action"] = "get_medical_record",
        ["client_address"] = "192.0.2.14",
        ["peer_address"] = "10.0.3.7",

        ["title"] = "Annual checkup",
        ["record_type"] = "CHECKUP",
        ["description"] = "Routine examination without findings.",
        ["diagnosis"] = "In good health",
        ["symptoms"] = "None",
        ["treatment_plan"] = "Next checkup in a year.",
        ["attachments"] = new JsonArray("blood-count-2026-02-01.pdf"),
        ["Medication.name"] = "Ibuprofen",
        ["MedicationInput.name"] = "Ibuprofen",
        ["dosage"] = "400 mg",
        ["frequency"] = "Three times a day",
        ["duration"] = "5 days",
        ["Treatment.name"] = "Pain relief",
        ["CreateTreatment.name"] = "Pain relief",
        ["UpdateTreatment.name"] = "Pain relief",
        ["instructions"] = "With food.",
        ["follow_up_date"] = "2027-03-15",

        ["UpdateMedicalRecord.reason"] = "The laboratory has answered.",
        ["MedicalRecordVersion.reason"] = "The laboratory has answered.",
        ["RescheduleAppointment.reason"] = "The patient is on a journey.",

        ["Department.name"] = "Emergency Department",
        ["CreateDepartment.name"] = "Neurology",
        ["CreateDepartment.code"] = "NEUR",
        ["CreateDepartment.description"] = "Brain, spine and nerves",
        ["UpdateAppointmentStatus.status"] = "IN_PROGRESS",

        // These are plans that Billing's first migration adds.
        ["plan_id"] = "01980000-0000-7000-9000-000000000002",
        ["UpdateSubscription.plan_id"] = "01980000-0000-7000-9000-000000000003",
        ["SubscriptionPlan.id"] = "01980000-0000-7000-9000-000000000002",
        ["SubscriptionPlan.name"] = "Professional",
        ["SubscriptionPlan.description"] = "For a hospital with several departments.",
        ["monthly"] = "149.00",
        ["quarterly"] = "420.00",
        ["annual"] = "1590.00",
        ["price"] = "149.00",
        ["amount"] = "149.00",
        ["Invoice.total"] = "149.00",
        ["InvoiceLine.description"] = "Professional, March 2026",
        ["start_date"] = "2026-03-01",
        ["current_period_start"] = "2026-03-01",
        ["current_period_end"] = "2026-04-01",
        ["period_start"] = "2026-03-01",
        ["period_end"] = "2026-04-01",
        ["issued_on"] = "2026-03-01",
        ["ended_on"] = null,
        ["cancellation_reason"] = null,
        ["CancelSubscription.reason"] = "The hospital closes.",
        ["currency"] = "EUR",
        ["revenue"] = "1980.00",
        ["monthlyRevenue"] = "1980.00",
        ["average_rating"] = 4.6,
        ["average_wait_days"] = 3.5,
        ["utilization"] = 0.62,
        ["period"] = "MONTHLY",

        ["total"] = 1,
        ["page"] = 1,
        ["limit"] = 20,
        ["sort"] = null,
        ["has_more"] = false,
        ["version"] = 1,
        ["expires_in"] = 3600,
        ["token_type"] = "Bearer",
        ["access_token"] = "eyJhbGciOiJFUzI1NiJ9.eyJyb2xlIjoiUEFUSUVOVCJ9.c2lnbmF0dXJl",
        ["refresh_token"] = "8Q2sPpXkq1bO0c5mJ7v3Zg",
        ["LogIn.email"] = Patient.Email,
    };

    /// <summary>Creates a response with all its fields.</summary>
    public static JsonNode? ForResponse(JsonObject schema, ComponentRegistry components) => Create(schema, components, "", "", _ => true);

    /// <summary>Creates parameters with only the required fields.</summary>
    public static JsonObject ForRequiredOnly(JsonObject parameters, ComponentRegistry components)
    {
        var required = (components.Resolve(parameters)["required"]?.AsArray() ?? []).Select(name => (string)name!).ToHashSet();
        return (JsonObject)Create(parameters, components, "", "", required.Contains)!;
    }

    /// <summary>Creates parameters with all fields except <c>expected_version</c>, whose current value a person who tries the call cannot know.</summary>
    public static JsonObject ForAllFields(JsonObject parameters, ComponentRegistry components) => (JsonObject)Create(parameters, components, "", "", name => name != "expected_version")!;

    /// <param name="record">The name of the record that contains the value.</param>
    /// <param name="field">The name of the field.</param>
    /// <param name="wanted">A predicate that selects the fields of the outermost record to fill.</param>
    private static JsonNode? Create(JsonObject schema, ComponentRegistry components, string record, string field, Func<string, bool> wanted)
    {
        if (Values.TryGetValue($"{record}.{field}", out var kept) || Values.TryGetValue(field, out kept)) return kept is null ? null : JsonNode.Parse(kept.ToJsonString());
        if (schema["anyOf"] is JsonArray either) return Create((JsonObject)either[0]!, components, record, field, wanted);
        if ((string?)schema["$ref"] is { } reference) return Create(components.Resolve(schema), components, reference[(reference.LastIndexOf('/') + 1)..], field, wanted);
        if (schema["default"] is { } usual) return usual.DeepClone();
        if (schema["enum"] is JsonArray choices) return choices[0]!.DeepClone();
        switch (SchemaBuilder.GetSchemaType(schema))
        {
            case "object":
                var fields = from property in schema["properties"]?.AsObject() ?? []
                             where wanted(property.Key)
                             let value = Create((JsonObject)property.Value!, components, record, property.Key, _ => true)
                             where value is not null || IsNullable((JsonObject)property.Value!) && !IsParameter(schema)
                             select KeyValuePair.Create(property.Key, value);
                return new JsonObject(fields);
            case "array":
                return schema["items"] is JsonObject items ? new JsonArray(Create(items, components, record, "", _ => true)) : [];
            case "integer" or "number":
                return Math.Max(1, (long?)schema["minimum"] ?? 1);
            case "boolean":
                return true;
            case null:
                return new JsonObject();
            default:
                return Text(schema, record, field);
        }
    }

    private static JsonNode Text(JsonObject schema, string record, string field) => (string?)schema["format"] switch
    {
        "uuid" => CreateId(record, field).ToString(),
        "date" => "2026-02-01",
        "date-time" => "2026-02-01T14:00:00Z",
        "email" => Patient.Email,
        "uri" => "https://general.example/",
        _ when schema["pattern"] is { } pattern && ((string)pattern!).StartsWith("^([01]", StringComparison.Ordinal) => "09:00:00",
        _ => CreateText(field, (int)schema["maxLength"]!),
    };

    /// <summary>Creates an id in the format of all ids, always the same for the same field of the same record.</summary>
    private static Guid CreateId(string record, string field)
    {
        var name = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{record}.{field}"));
        return Guid.Parse($"01980a3c-5d2e-7b41-9c07-{Convert.ToHexStringLower(name, 0, 6)}");
    }

    private static string CreateText(string field, int most)
    {
        var words = field.Length == 0 ? "Text" : char.ToUpperInvariant(field[0]) + field[1..].Replace('_', ' ');
        return words.Length <= most ? words : words[..most];
    }

    private static bool IsNullable(JsonObject schema) => (schema["type"] ?? schema["anyOf"]) is JsonArray;

    private static bool IsParameter(JsonObject schema) => schema["additionalProperties"] is not null;

    private static JsonObject Period(string weekday, string start, string end) => new() { ["weekday"] = weekday, ["start"] = start, ["end"] = end };
}
