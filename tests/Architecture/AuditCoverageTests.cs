using System.Text.RegularExpressions;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Architecture;

/// <summary>
/// Tests that nothing of the catalogue is read or changed without an audit event, and that what is no tool and no resource is accounted for: whoever adds a
/// route says here how it is recorded.
/// </summary>
public partial class AuditCoverageTests
{
    /// <summary>Tools that show nobody's own data. Every other tool records its calls.</summary>
    private static readonly string[] Unrecorded =
    [
        "get_doctor_schedule", "get_hospital", "get_hospital_statistics", "get_specialty_demand", "list_appointment_slots", "list_departments",
        "list_hospitals", "list_prompts", "list_reports", "list_specialties", "list_subscription_plans",
    ];

    /// <summary>Resources that show nobody's own data.</summary>
    private static readonly string[] UnrecordedResources =
        ["analytics/dashboard", "analytics/reports", "departments", "hospitals", "specialties", "subscription_plans"];

    /// <summary>Resources of events that no tool records.</summary>
    private static readonly string[] BesidesTools = ["chat_calls", "clients", "data_keys", "exports", "sessions", "signing_keys", "users"];

    /// <summary>Contracts of IDs, names and times only, which reveal neither the reason for an appointment nor a finding.</summary>
    private static readonly Type[] NoContent = [typeof(AuditEvent), typeof(AffectedAppointment), typeof(UpcomingBooking), typeof(LiveAppointment)];

    /// <summary>The routes of the services that are no tools and no resources, and the action that is recorded or why none is.</summary>
    private static readonly Dictionary<string, string> Routes = new()
    {
        ["\"/api/auth/login\""] = "log_in",
        ["\"/api/auth/logout\""] = "log_out",
        ["\"/api/auth/switch\""] = "switch_hospital",
        ["\"/api/auth/refresh\""] = "reuse_token, end_session; a refresh goes on with what was recorded",
        ["\"/api/auth/reset\""] = "create_link, when it is sent",
        ["\"/api/auth/password\""] = "use_link, set_password, remove_second_factors",
        ["\"/api-keys/token\""] = "log_in",
        ["\"/sessions/used\""] = "nothing: a time is noted",
        ["\"/sessions/token\""] = "nothing: a session goes on",
        ["\"/sessions/exchange\""] = "nothing: a session goes on",
        ["TokenPath"] = "log_in, reuse_token, end_session",
        ["RegistrationEndpoint.Path"] = "register_client",
        ["JwksPath"] = "nothing: public keys",
        ["path"] = "nothing: the pages' style and script",
        ["$\"/tools/{tool.Name}\""] = "the tool",
        ["$\"{ToolClient.LookupPath}/{tool.Name}\""] = "nothing: a service reads for itself and shows nobody",
        ["$\"/resources/{resource.Name}\""] = "the resource",
        ["$\"/resources/{resource.Name}/{{id}}\""] = "the resource",
        ["\"/audit/export\""] = "export_audit_events",
        ["ExportPage.Path"] = "export_user, export_hospital",
        ["PauseBookings.Path"] = "the tool that causes the pause, in its own service",
        ["\"/chat/model\""] = "nothing: whether there is a model",
        ["\"/chat/calls\""] = "start_chat",
        ["\"/chat/calls/{runId:guid}/cancel\""] = "cancel_chat",
        ["\"/chat/calls/cancel\""] = "cancel_all_chats",
        ["\"/chat/calls/{runId:guid}/confirm\""] = "confirm_chat_tool, and the tool",
        ["\"/chat/calls/{runId:guid}\""] = "read_chat",
    };

    /// <summary>The routes of the gateway, which records nothing itself, and the action that a service records or why none does.</summary>
    private static readonly Dictionary<string, string> GatewayRoutes = new()
    {
        ["\"/\""] = "nothing: the console",
        ["\"/api/audit/export\""] = "export_audit_events",
        ["\"/api/auth/login\""] = "log_in",
        ["\"/api/auth/logout\""] = "log_out",
        ["\"/api/auth/password\""] = "use_link, set_password",
        ["\"/api/auth/refresh\""] = "reuse_token, end_session",
        ["\"/api/auth/reset\""] = "create_link, when it is sent",
        ["\"/api/auth/switch\""] = "switch_hospital",
        ["\"/api/auth/{**rest}\""] = "nothing: there is none",
        ["\"/api/mcp/batch\""] = "the tools",
        ["\"/api/mcp/exports/hospital\""] = "export_hospital, by each service and page",
        ["$\"/api/mcp/exports/users/{{{UserId}}}\""] = "export_user, by each service and page",
        ["\"/api/mcp/prompts\""] = "the tool",
        ["\"/api/mcp/prompts/invoke\""] = "the tool",
        ["SessionPath"] = "the tool",
        ["$\"{BasePath}/{resource.Name}\""] = "the resource",
        ["$\"{BasePath}/{resource.Name}/{{id}}\""] = "the resource",
        ["\"/api/mcp/sse\""] = "nothing: live events name what has changed; who reads it is recorded then",
        ["\"/api/mcp/sse/ticket\""] = "nothing: a session goes on",
        ["\"/api/mcp/tools\""] = "nothing: the catalogue",
        ["\"/api/mcp/tools/invoke\""] = "the tool",
        ["\"/api/mcp/tools/{tool}\""] = "the tool",
        ["\"/api/mcp/ws\""] = "nothing, as of a stream of live events",
        ["\"/healthz\""] = "nothing: the state of the process",
        ["\"/readyz\""] = "nothing: the state of the process",
        ["\"/mcp/cancel/{call_id}\""] = "cancel_chat",
        ["\"/mcp/cancel_all\""] = "cancel_all_chats",
        ["\"/mcp/confirm/{call_id}\""] = "confirm_chat_tool, and the tool",
        ["\"/mcp/execute\""] = "start_chat",
        ["\"/mcp/manifest\""] = "nothing: what chat can do",
        ["\"/mcp/stream/{call_id}\""] = "nothing: the answer to who has started the chat; read_chat, when it is read from the database",
        ["\"/oauth/forgot\""] = "the form",
        ["\"/oauth/introspect\""] = "nothing: a session goes on",
        ["\"/oauth/login/{**rest}\""] = "the form",
        ["\"/oauth/passkeys.js\""] = "nothing: the pages' script",
        ["\"/oauth/register\""] = "register_client",
        ["\"/oauth/revoke\""] = "log_out",
        ["\"/oauth/set-password\""] = "the form",
        ["\"/oauth/style.css\""] = "nothing: the pages' style",
        ["\"/oauth/token\""] = "log_in, reuse_token, end_session",
        ["\"/oauth/{**rest}\""] = "the forms",
        ["DocumentPath"] = "nothing: the description of the API",
        ["Path"] = "the tool, the resource or the prompt",
        ["path"] = "nothing: icons, and the metadata of the resource",
        ["pattern"] = "nothing: public keys and metadata",
    };

    /// <summary>The forms of Identity's pages, and the action that is recorded or why none is.</summary>
    private static readonly Dictionary<string, string> Forms = new()
    {
        ["Account.OnPostRemoveAuthenticatorAsync"] = "remove_authenticator",
        ["Account.OnPostRenewCodesAsync"] = "renew_recovery_codes",
        ["Account.OnPostRemovePasskeyAsync"] = "remove_passkey",
        ["Account.OnPostOpenHospitalAsync"] = "log_in, and log_out of the former hospital",
        ["Account.OnPostEndSessionAsync"] = "end_session",
        ["Account.OnPostDisconnectAsync"] = "end_session",
        ["Account.OnPostEndAllAsync"] = "end_all_sessions",
        ["Account.OnPostLogOutAsync"] = "log_out",
        ["Authenticator.OnPostAsync"] = "add_authenticator",
        ["Authorize.OnPostAsync"] = "log_in, with the client",
        ["ConfirmEmail.OnPostAsync"] = "use_link, change_email",
        ["Forgot.OnPostAsync"] = "create_link, when it is sent",
        ["HospitalLogIn.OnPostAsync"] = "nothing: the browser goes to the provider",
        ["LinkHospital.OnPostAsync"] = "use_link, link_hospital",
        ["LogIn.OnPostPasskeyAsync"] = "log_in",
        ["LogIn.OnPostAsync"] = "log_in",
        ["Passkey.OnPostAsync"] = "add_passkey",
        ["ReviewEmailChange.OnPostAsync"] = "use_link, stop_email_change or allow_email_change",
        ["SecondFactor.OnPostAsync"] = "log_in",
        ["SecondFactor.OnPostPasskeyAsync"] = "log_in",
        ["SetPassword.OnPostAsync"] = "use_link, set_password, remove_second_factors",
    };

    /// <summary>What Identity's pages do when they are opened, and the action that is recorded or why none is.</summary>
    private static readonly Dictionary<string, string> Pages = new()
    {
        ["Account.OnGetAsync"] = "nothing: users see their own login",
        ["Authenticator.OnGet"] = "nothing: a secret that nothing accepts yet",
        ["Authorize.OnGetAsync"] = "log_in, with a client that the user has allowed before",
        ["ConfirmEmail.OnGetAsync"] = "nothing: a link is used by the form",
        ["HospitalCallback.OnGetAsync"] = "log_in, create_user, link_provider, update_user",
        ["HospitalLogIn.OnGetAsync"] = "nothing: the name of a hospital",
        ["LinkHospital.OnGetAsync"] = "nothing: a link is used by the form",
        ["LogIn.OnGetAsync"] = "nothing: the form",
        ["Passkey.OnGetAsync"] = "nothing: the form",
        ["ReviewEmailChange.OnGetAsync"] = "nothing: a link is used by the form",
        ["SecondFactor.OnGetAsync"] = "nothing: the form",
        ["SetPassword.OnGetAsync"] = "nothing: a link is used by the form",
    };

    [Fact]
    public void Every_tool_records_its_calls_unless_it_shows_nobodys_own_data() =>
        Assert.Equal(Unrecorded, ToolCatalogue.All.Values.Where(t => t.Audit is null).Select(t => t.Name));

    [Fact]
    public void Every_change_is_recorded() => Assert.DoesNotContain(ToolCatalogue.All.Values, t => t.Effect != Effect.Read && t.Audit is null);

    [Fact]
    public void Every_resource_records_its_reads_unless_it_shows_nobodys_own_data() =>
        Assert.Equal(UnrecordedResources, ResourceCatalogue.All.Values.Where(r => r.Audit is null).Select(r => r.Name));

    [Fact]
    public void Every_route_of_a_service_is_accounted_for() => Assert.Equal(Routes.Keys.Order(StringComparer.Ordinal), Sources("services")
        .SelectMany(source => Route().Matches(source.Text)).Select(match => match.Groups["path"].Value).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void Every_route_of_the_gateway_is_accounted_for() => Assert.Equal(GatewayRoutes.Keys.Order(StringComparer.Ordinal), Sources("gateway")
        .SelectMany(source => Route().Matches(source.Text).Concat(ForwardedRoute().Matches(source.Text))).Select(match => match.Groups["path"].Value)
        .Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void Every_form_of_a_page_is_accounted_for() => Assert.Equal(Forms.Keys.Order(StringComparer.Ordinal),
        from source in Sources("services/Identity/Pages")
        from Match handler in FormHandler().Matches(source.Text)
        select $"{Path.GetFileName(source.Path).Split('.')[0]}.{handler.Groups["name"].Value}" into form
        orderby form
        select form);

    [Fact]
    public void Every_page_is_accounted_for() => Assert.Equal(Pages.Keys.Order(StringComparer.Ordinal), (
        from source in Sources("services/Identity/Pages")
        from Match handler in PageHandler().Matches(source.Text)
        select $"{Path.GetFileName(source.Path).Split('.')[0]}.{handler.Groups["name"].Value}").Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void A_list_can_be_filtered_by_every_resource_that_is_recorded() => Assert.Equal(AuditedResourceAttribute.Names,
        ToolCatalogue.All.Values.Select(t => t.Audit).Concat(ResourceCatalogue.All.Values.Select(r => r.Audit)).OfType<AuditDescriptor>()
            .Select(audit => audit.Resource).Concat(BesidesTools).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void Every_contract_of_Clinical_about_a_patient_is_clinical_content() =>
        Assert.Empty(from type in typeof(IClinicalContent).Assembly.GetTypes()
                     where type.Namespace == typeof(IClinicalContent).Namespace && type.IsClass
                     where type.GetProperty("PatientId") is not null && type.GetProperty("Id") is not null
                     where !type.IsAssignableTo(typeof(IClinicalContent)) && !NoContent.Contains(type)
                     select type.Name);

    [Theory]
    [InlineData("list_medical_records", "medical_records", AuditKind.Clinical)]
    [InlineData("get_medical_record_history", "medical_records", AuditKind.Clinical)]
    [InlineData("update_treatment", "treatments", AuditKind.Clinical)]
    [InlineData("reschedule_appointment", "appointments", AuditKind.Clinical)]
    [InlineData("list_patients", "patients", AuditKind.Demographic)]
    [InlineData("find_patients", "patients", AuditKind.Demographic)]
    [InlineData("list_duplicate_candidates", "patients", AuditKind.Demographic)]
    [InlineData("list_patient_merges", "patient_merges", AuditKind.Demographic)]
    [InlineData("merge_patients", "patient_merges", AuditKind.Account)]
    [InlineData("create_referral", "referrals", AuditKind.Clinical)]
    [InlineData("create_representative", "representatives", AuditKind.Clinical)]
    [InlineData("list_correction_requests", "correction_requests", AuditKind.Demographic)]
    [InlineData("decide_correction_request", "correction_requests", AuditKind.Account)]
    [InlineData("break_glass", "emergency_overrides", AuditKind.Clinical)]
    [InlineData("update_access_policy", "access_policies", AuditKind.Administration)]
    [InlineData("get_user", "users", AuditKind.Demographic)]
    [InlineData("update_user", "users", AuditKind.Account)]
    [InlineData("end_session", "sessions", AuditKind.Session)]
    [InlineData("update_sign_in_policy", "sign_in_policies", AuditKind.Administration)]
    [InlineData("create_specialty", "specialties", AuditKind.Administration)]
    [InlineData("cancel_subscription", "subscriptions", AuditKind.Administration)]
    [InlineData("answer_prompt", "prompt_sessions", AuditKind.Prompt)]
    [InlineData("list_audit_events", "audit_events", AuditKind.Audit)]
    public void What_is_recorded_follows_from_what_a_tool_returns(string tool, string resource, AuditKind kind) =>
        Assert.Equal((resource, kind), (ToolCatalogue.All[tool].Audit!.Resource, ToolCatalogue.All[tool].Audit!.Kind));

    [Fact]
    public void The_audited_access_is_derived_from_the_parameters()
    {
        var (record, patient) = (Guid.NewGuid(), Guid.NewGuid());

        Assert.Equal(new AuditedAccess("get_medical_record", "medical_records", record), Asked("get_medical_record", new GetMedicalRecord(record)));
        Assert.Equal(new AuditedAccess("list_treatments", "treatments", PatientId: patient),
            Asked("list_treatments", new ListTreatments(patient, DoctorId: Guid.NewGuid())));
        Assert.Equal(new AuditedAccess("rate_appointment", "appointments", record), Asked("rate_appointment", new RateAppointment(record, 5)));
        Assert.Equal(new AuditedAccess("create_treatment", "treatments"), Asked("create_treatment", null));
        Assert.Equal(new AuditedAccess("list_patient_merges", "patient_merges", PatientId: patient) { Kind = AuditKind.Demographic },
            Asked("list_patient_merges", new ListPatientMerges(patient)));
        Assert.Equal(new AuditedAccess("get_patient", "patients", patient, patient) { Kind = AuditKind.Demographic },
            Asked("get_patient", new GetPatient(patient)));
    }

    [Fact]
    public void A_change_names_the_parameters_that_were_given_and_never_their_values()
    {
        var user = Guid.NewGuid();

        var access = Asked("update_user", new UpdateUser(
            user, Password: "a new one", CurrentPassword: "the old one", Role: Role.Nurse, PhoneNumber: new(null), Mrn: "4711", ExpectedVersion: 3));

        Assert.Equal((user, AuditKind.Account), (access.ResourceId, access.Kind));
        Assert.Equal(["password", "role", "phone_number", "mrn"], access.Fields);
        Assert.Empty(Asked("update_user", new UpdateUser(user, Mrn: null, ExpectedVersion: 3)).Fields!);
    }

    [Fact]
    public void A_patient_is_recorded_as_such_whichever_entity_shows_them()
    {
        var (id, hospital) = (Guid.NewGuid(), Guid.NewGuid());
        var (patient, other) = (new AuditedEntity(id, hospital, id, 3), new AuditedEntity(id, hospital, null, 3));

        Assert.Equal(patient, ToolCatalogue.All["get_user"].Audit!.FindIn(Create(Role.Patient)).Single());
        Assert.Equal(other, ToolCatalogue.All["get_user"].Audit!.FindIn(Create(Role.Nurse)).Single());
        Assert.Equal((AuditedEntity[])[patient, other], ToolCatalogue.All["list_users"].Audit!.FindIn(
            new Page<User>([Create(Role.Patient), Create(Role.Doctor)], 2, 1, 20, false)));

        User Create(Role role) => new(id, hospital, "a@example.org", "A", "B", role, null, null, null, null, true, 3, default, default);
    }

    [Fact]
    public void A_merge_is_recorded_for_both_patients()
    {
        var (id, hospital, surviving, merged) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        var merge = new PatientMerge(id, hospital, surviving, merged, PatientMergeStatus.Merging, ["clinical"], null, Guid.NewGuid(), 1, default, default);

        Assert.Equal((AuditedEntity[])[new(id, hospital, surviving, 1), new(id, hospital, merged, 1)],
            ToolCatalogue.All["merge_patients"].Audit!.FindIn(merge));
    }

    private static AuditedAccess Asked(string tool, object? parameters) => ToolCatalogue.All[tool].Audit!.DescribeAccess(tool, parameters);

    private static IEnumerable<(string Path, string Text)> Sources(string folder) =>
        from path in Directory.EnumerateFiles(Path.Combine(MedCorFixture.RepositoryRoot(), folder), "*.cs", SearchOption.AllDirectories)
        where !path.Replace('\\', '/').Contains("/obj/", StringComparison.Ordinal) && !path.Replace('\\', '/').Contains("/bin/", StringComparison.Ordinal)
        select (path, File.ReadAllText(path));

    [GeneratedRegex("""\.Map(Get|Post|Put|Patch|Delete|Methods)\(\s*(?<path>\$?"[^"]*"|[\w.]+)""")]
    private static partial Regex Route();

    [GeneratedRegex("""\b((Get|Post)\(\w+, |Match = new\(\) \{ Path = )(?<path>"/[^"]*")""")]
    private static partial Regex ForwardedRoute();

    [GeneratedRegex(@"\b(?<name>OnPost\w*)\(")]
    private static partial Regex FormHandler();

    [GeneratedRegex(@"\b(?<name>OnGet\w*)\(")]
    private static partial Regex PageHandler();
}
