using System.Net;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Tests.EndToEnd.Catalogue;

namespace MedCor.Tests.EndToEnd.Clients;

/// <summary>
/// Tests one call of each tool in the published guide, with the guide's parameters. In place of an ID stands which one is meant: <c>any</c>, <c>another</c> or
/// a <c>new</c> entity of the kind that the parameter's name implies.
/// </summary>
public class ExamplesTests
{
    private static readonly Lazy<Task<CatalogueFixture>> Ours = new(CatalogueFixture.New);

    /// <summary>The tool, its parameters, and the fields of the response that clients read.</summary>
    private static readonly (string Tool, string Params, string Fields)[] Examples =
    [
        ("list_hospitals", """{"search": "hospital", "is_active": true}""", "results total page limit has_more"),
        ("get_hospital", """{"hospital_id": "any"}""", "id name subdomain is_active"),
        ("create_hospital", """
            {"name": "Lakeside", "subdomain": "lakeside-example", "registration_number": "LS-1", "email": "office@lakeside.example",
             "phone_number": "+1-555-0100", "address_line1": "1 Lake Road", "city": "New York", "state": "NY", "country": "USA", "postal_code": "10001",
             "hospital_type": "General"}
            """, "id name subdomain registration_number email phone_number address_line1 city state country postal_code hospital_type is_active"),
        ("update_hospital", """{"hospital_id": "any", "name": "Lakeside and Hills", "phone_number": "+1-555-0101"}""", "id name phone_number version"),
        ("delete_hospital", """{"hospital_id": "new"}""", "id is_active"),
        ("list_users", """{"role": "DOCTOR", "hospital_id": "any", "is_active": true}""", "results total"),
        ("get_user", """{"user_id": "any"}""", "id email first_name last_name role hospital_id is_active"),
        ("create_user", """
            {"email": "jo@lakeside.example", "password": "Lakes-and-Hills-9", "first_name": "Jo", "last_name": "Example", "role": "PATIENT",
             "hospital_id": "any", "phone_number": "+1-555-0102", "date_of_birth": "1990-01-01", "license_number": "MD-1", "years_of_experience": 10}
            """, "id email first_name last_name role hospital_id phone_number date_of_birth license_number years_of_experience"),
        ("update_user", """{"user_id": "any", "first_name": "Joan", "phone_number": "+1-555-0103"}""", "id first_name phone_number"),
        ("delete_user", """{"user_id": "new"}""", "id is_active affected"),
        ("list_doctors", """{"hospital_id": "any", "specialty": "Cardiology", "is_available": true}""", "results total"),
        ("get_doctor_details", """{"doctor_id": "any"}""", "id first_name last_name specialties"),
        ("update_doctor_specialties", """
            {"doctor_id": "new", "specialties": [{"specialty_id": "any", "is_primary": true, "years_of_experience": 10, "certification_date": "2015-01-01"}]}
            """, "id specialties"),
        ("list_specialties", """{"search": "Cardio", "is_active": true}""", "results total"),
        ("create_specialty", """{"code": "LAKE", "name": "Lake Medicine", "description": "Of those who swim"}""", "id code name description is_active"),
        ("get_specialty_doctors", """{"specialty_id": "any", "hospital_id": "any"}""", "results total"),
        ("list_appointments",
            """{"patient_id": "any", "doctor_id": "any", "status": "SCHEDULED", "date_from": "2025-01-01", "date_to": "2027-12-31"}""", "results total"),
        ("create_appointment", """
            {"patient_id": "any", "doctor_id": "any", "appointment_date": "DAY", "appointment_time": "14:00:00", "reason": "Regular checkup",
             "notes": "Allergic to nuts"}
            """, "id patient_id doctor_id appointment_date appointment_time reason notes status"),
        ("update_appointment_status", """{"appointment_id": "new", "status": "IN_PROGRESS", "notes": "Came on time"}""", "id status notes"),
        ("list_appointment_slots", """{"doctor_id": "any", "date": "DAY"}""", "doctor_id date available_times"),
        ("list_medical_records",
            """{"patient_id": "any", "record_type": "CONSULTATION", "date_from": "2024-01-01", "date_to": "2024-12-31"}""", "results total"),
        ("get_medical_record", """{"record_id": "any"}""", "id patient_id title record_type"),
        ("create_medical_record", """
            {"patient_id": "any", "title": "Yearly checkup", "description": "Routine", "record_type": "CHECKUP",
             "diagnosis": "In good health", "symptoms": "None", "attachments": ["one.pdf", "two.pdf"]}
            """, "id patient_id title description record_type diagnosis symptoms attachments"),
        ("update_medical_record", """{"record_id": "any", "diagnosis": "In very good health", "treatment_plan": "Walks"}""",
            "id diagnosis treatment_plan version"),
        ("list_treatments", """{"patient_id": "any", "doctor_id": "any", "status": "ACTIVE"}""", "results total"),
        ("create_treatment", """
            {"patient_id": "any", "doctor_id": "any", "name": "Blood pressure", "description": "Lowering it",
             "medications": [{"name": "Lisinopril", "dosage": "10mg", "frequency": "Once daily", "duration": "3 months"}],
             "instructions": "Measure daily", "follow_up_date": "DAY"}
            """, "id patient_id doctor_id name description medications instructions follow_up_date status"),
        ("update_treatment", """{"treatment_id": "new", "status": "COMPLETED", "notes": "It went well"}""", "id status notes"),
        ("list_subscription_plans", """{"plan_type": "PROFESSIONAL", "is_active": true}""", "results total"),
        ("create_subscription", """{"hospital_id": "new", "plan_id": "any", "start_date": "TODAY", "billing_cycle": "MONTHLY"}""",
            "id hospital_id plan_id start_date billing_cycle status"),
        ("update_subscription", """{"subscription_id": "any", "plan_id": "another", "auto_renew": true}""", "id plan_id auto_renew"),
        ("cancel_subscription", """{"subscription_id": "any", "reason": "Another plan fits better", "immediate": false}""", "id status cancel_at_period_end"),
        ("get_hospital_statistics", """{"hospital_id": "any", "date_from": "2025-01-01", "date_to": "2025-01-31"}""",
            "patients doctors appointments revenue totalPatients todayAppointments activeDoctors monthlyRevenue"),
        ("get_doctor_performance", """{"doctor_id": "any", "period": "MONTHLY"}""", "completed patients_seen average_rating"),
        ("get_specialty_demand", """{"hospital_id": "any", "period": "QUARTERLY"}""", "specialties"),
    ];

    public static TheoryData<string> Names => [.. Examples.Select(e => e.Tool)];

    [Theory, MemberData(nameof(Names))]
    public async Task The_guides_example_answers(string name)
    {
        var (_, parameters, fields) = Examples.Single(e => e.Tool == name);
        Assert.True(ToolCatalogue.All.TryGetValue(name, out var tool), $"There is no tool {name}.");
        var fixture = await Ours.Value;
        var asksForNew = parameters.Contains("\"new\"", StringComparison.Ordinal);
        // Only the platform can create hospitals, so the platform also deletes them.
        var caller = asksForNew && parameters.Contains("hospital_id", StringComparison.Ordinal)
            ? fixture.People[MedCor.Contracts.Callers.Platform]
            : fixture.CallersAllowed(tool).First();
        var asked = (JsonObject)JsonNode.Parse(parameters)!;
        await Mean(asked);

        var reply = await caller.Post(tool, asked);

        Assert.True(reply.Status == HttpStatusCode.OK, $"{asked.ToJsonString()} was answered {reply}");
        foreach (var field in fields.Split(' ')) Assert.True(reply.Body.AsObject().ContainsKey(field), $"{field} is missing in {reply}");

        async Task Mean(JsonNode at)
        {
            if (at is JsonArray list) foreach (var item in list) await Mean(item!);
            if (at is not JsonObject names) return;
            foreach (var (key, value) in names.ToArray())
                if (value is not JsonValue) await Mean(value!);
                else if (value.ToString() is "any" or "another" or "new")
                    names[key] = await fixture.ResolveId(value.ToString(), ParameterGenerator.KindOfId(key), caller);
                else if (value.ToString() is "DAY" or "TODAY")
                    names[key] = value.ToString() == "DAY"
                        ? ParameterGenerator.Date(key)
                        : DateTime.UtcNow.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        }
    }
}
