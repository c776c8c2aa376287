using System.Net;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Validation;

namespace MedCor.Tests.EndToEnd.Catalogue;

/// <summary>
/// Tests that one response names everything that is wrong with a call's parameters: those invalid by themselves, those that cannot be read, and those that
/// violate a rule together.
/// </summary>
public class ParameterRulesTests
{
    private const string Anybody = "0198c0de-0000-7000-8000-000000000001";
    private const string Admin = "admin@general.example", Platform = "admin@medcor.example", Doctor = "doctor@general.example", Nurse = "nurse@general.example";
    private const string Patient = "patient@general.example";
    private const string Backwards = "\"date_from\":\"2026-02-02\",\"date_to\":\"2026-02-01\"";

    /// <summary>Gets calls by caller, tool and parameters, with all fields that must be named.</summary>
    public static TheoryData<string, string, string, string> Calls => new()
    {
        { Doctor, "update_medical_record", $$"""{"record_id":"{{Anybody}}","status":"ENTERED_IN_ERROR","title":" "}""", "reason title" },
        { Doctor, "update_medical_record", """{"record_id":"x","status":"ENTERED_IN_ERROR","reason":" "}""", "reason record_id" },
        { Doctor, "update_medical_record", """{"record_id":"x","status":"WRONG","reason":1}""", "reason record_id status" },
        { Nurse, "update_appointment_status", """{"appointment_id":"x","status":"CANCELLED"}""", "appointment_id notes" },
        { Nurse, "update_appointment_status", """{"status":"CANCELLED","notes":1}""", "appointment_id notes" },
        { Nurse, "update_appointment_status", """{"appointment_id":"x","status":"COMPLETED"}""", "appointment_id" },
        { Nurse, "list_appointments", $$"""{{{Backwards}},"sort":"foo"}""", "date_to sort" },
        { Nurse, "list_appointments", $$"""{{{Backwards}},"sort":"foo","limit":0,"status":"LATE"}""", "date_to limit sort status" },
        { Nurse, "list_appointments", """{"date_from":"2026-02-02","date_to":"x","sort":"foo"}""", "date_to sort" },
        { Doctor, "list_medical_records", $$"""{{{Backwards}},"sort":"foo","limit":0}""", "date_to limit sort" },
        { Doctor, "get_medical_record_history", """{"record_id":"x","sort":"foo","limit":0}""", "limit record_id sort" },
        { Admin, "list_referrals", """{"user_id":"x","sort":"foo","limit":0}""", "limit sort user_id" },
        { Admin, "list_emergency_overrides", """{"is_reviewed":"x","sort":"foo","limit":0}""", "is_reviewed limit sort" },
        { Admin, "list_representatives", """{"user_id":"x","sort":"foo","limit":0}""", "limit sort user_id" },
        { Admin, "list_correction_requests", """{"status":"x","sort":"foo","limit":0}""", "limit sort status" },
        { Patient, "create_correction_request", """{"patient_id":"x"}""", "first_name patient_id" },
        { Admin, "list_audit_events", $$"""{{{Backwards}},"sort":"foo","limit":0,"resource":"foo"}""", "date_to limit resource sort" },
        { Admin, "list_invoices", $$"""{{{Backwards}},"sort":"foo","page":"1"}""", "date_to page sort" },
        { Admin, "list_reports", $$"""{{{Backwards}},"sort":"foo","limit":0}""", "date_to limit sort" },
        { Platform, "get_hospital_statistics", $$"""{{{Backwards}}}""", "date_to hospital_id" },
        { Platform, "get_hospital_statistics", """{"date_from":"x","period":"YEARLY"}""", "date_from hospital_id period" },
        { Platform, "get_specialty_demand", """{"period":"EVER"}""", "hospital_id period" },
        { Platform, "get_sign_in_policy", "{}", "hospital_id" },
        { Platform, "update_sign_in_policy", """{"idle_minutes":1,"max_session_hours":"x"}""", "hospital_id idle_minutes max_session_hours" },
        { Platform, "get_chat_policy", "{}", "hospital_id" },
        { Platform, "update_chat_policy", """{"is_enabled":"x"}""", "hospital_id is_enabled" },
        { Platform, "get_identity_provider", "{}", "hospital_id" },
        {
            Admin, "update_identity_provider",
            """{"issuer":"http://login.hospital.example","client_secret":"","email_domains":["@x"],"role_mappings":[{"value":"","role":"PATIENT"}]}""",
            "client_secret email_domains issuer role_mappings[0].role role_mappings[0].value"
        },
        {
            Platform, "create_service_account", """{"name":"","role":"NURSE","scope":"people.nothing","jwks":"{}"}""", "hospital_id jwks name scope"
        },
        { Admin, "update_service_account", """{"service_account_id":"x","scope":"foo","jwks":"{}"}""", "jwks scope service_account_id" },
        { Admin, "create_api_key", """{"service_account_id":"x","name":"","expires_on":"2020-01-01"}""", "expires_on name service_account_id" },
        { Admin, "rotate_api_key", """{"api_key_id":"x","expires_on":"2020-01-01","overlap_hours":-1}""", "api_key_id expires_on overlap_hours" },
        { Platform, "create_department", """{"name":"","code":"!"}""", "code hospital_id name" },
        {
            Admin, "create_user",
            """{"email":"nobody","password":"password","first_name":"A","role":"DOCTOR","date_of_birth":"2000-01-01"}""",
            "date_of_birth email last_name password"
        },
        {
            Platform, "create_user",
            """{"email":"a@b.example","password":"Korrekt-Pferd-7","first_name":"","last_name":"B","role":"PATIENT","license_number":1}""",
            "first_name hospital_id license_number"
        },
        {
            Admin, "create_user",
            """{"email":"a@b.example","password":"password","first_name":"A","last_name":"B","role":"COOK","date_of_birth":"2000-01-01"}""",
            "password role"
        },
        { Admin, "update_user", $$"""{"user_id":"{{Anybody}}","password":"password","first_name":""}""", "first_name password" },
        {
            Admin, "update_doctor_specialties",
            $$"""{"doctor_id":"x","specialties":[{"specialty_id":"{{Anybody}}","is_primary":true}"""
                + $$""",{"specialty_id":"{{Anybody}}","is_primary":true}]}""",
            "doctor_id specialties specialties[1].specialty_id"
        },
        {
            Doctor, "set_doctor_schedule",
            """{"doctor_id":"x","working_hours":[{"weekday":"MONDAY","start":"10:00","end":"09:00"}]"""
                + ""","breaks":[{"weekday":"FRIDAY","start":"12:00","end":"13:00"}],"exceptions":[{"date":"2026-02-02","start":"12:00"}]}""",
            "breaks[0] doctor_id exceptions[0] working_hours[0].end"
        },
        {
            Doctor, "set_doctor_schedule",
            """{"doctor_id":"x","working_hours":7,"breaks":[{"weekday":"FRIDAY","start":"12:00:30","end":"13:00"}]}""",
            "breaks[0].start doctor_id working_hours"
        },
        { Admin, "merge_patients", $$"""{"surviving_patient_id":"{{Anybody}}","merged_patient_id":"{{Anybody}}"}""", "merged_patient_id" },
        { Nurse, "find_patients", """{"limit":0,"sort":"foo"}""", "limit search sort" },
        { Nurse, "invoke_prompt", """{"prompt":"foo","initial_data":7}""", "initial_data prompt" },
    };

    [Theory, MemberData(nameof(Calls))]
    public async Task All_that_is_wrong_is_named_at_once(string who, string tool, string parameters, string wrong)
    {
        var reply = await (await ApiClient.LogInShared(who)).TryCall(tool, JsonNode.Parse(parameters));

        Assert.Equal((HttpStatusCode.BadRequest, ErrorCodes.ValidationError), (reply.Status, reply.Code));
        Assert.Equal(wrong, string.Join(' ', reply.Details!.AsObject().Select(d => d.Key).Where(field => field != "request_id").Order(StringComparer.Ordinal)));
    }

    /// <summary>Covers new lists too.</summary>
    [Fact]
    public async Task Every_list_names_its_order_with_what_else_is_wrong()
    {
        var premises = await CatalogueFixture.Own;
        var lists = ToolCatalogue.All.Values.Where(tool => tool.Params.GetProperty(nameof(PagedTool<>.Sort)) is not null).ToArray();
        Assert.True(lists.Length > 10);
        foreach (var list in lists)
        {
            var reply = await premises.CallersAllowed(list).First().Post(list, new JsonObject { ["sort"] = "no_such_field", ["limit"] = 0 });

            Assert.True(reply.Status == HttpStatusCode.BadRequest && SampleValues.MentionsParameter(reply.Details, "sort")
                && SampleValues.MentionsParameter(reply.Details, "limit"), $"{list.Name} answered {reply}");
        }
    }

    [Fact]
    public void Every_rule_of_several_parameters_is_tried_here()
    {
        var ruled = from database in ServiceDatabases.All
                    from type in database.Assembly.GetTypes()
                    from rules in type.GetInterfaces()
                    where rules.IsGenericType && rules.GetGenericTypeDefinition() == typeof(IParameterValidator<>)
                    select ToolCatalogue.ByParameterType[rules.GetGenericArguments()[0]].Name;

        Assert.Empty(ruled.Except(Calls.Select(call => (string)call[1])));
    }
}
