using MedCor.Contracts;

namespace MedCor.Tests.Unit.Contracts;

public class ScopesTests
{
    public static TheoryData<string> Tools => [.. ToolCatalogue.All.Keys];

    public static TheoryData<string> Resources => [.. ResourceCatalogue.All.Keys.Concat(LiveResources.All.Keys).Distinct()];

    [Theory, MemberData(nameof(Tools))]
    public void A_tool_requires_a_scope_of_the_list_with_the_action_of_its_effect(string name)
    {
        var tool = ToolCatalogue.All[name];

        Assert.Equal(tool.Scope, Scopes.Find(tool.Scope.Name));
        Assert.EndsWith(tool.Effect switch { Effect.Read => ".read", Effect.Delete => ".delete", _ => ".write" }, tool.Scope.Name, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Resources))]
    public void A_resource_and_its_events_require_a_scope_of_the_list_to_be_read(string name)
    {
        Scope?[] required = [ResourceCatalogue.All.GetValueOrDefault(name)?.Scope, LiveResources.Scopes.GetValueOrDefault(name)];
        var scope = Assert.Single(required.OfType<Scope>().Distinct());

        Assert.Equal(scope, Scopes.Find(scope.Name));
        Assert.EndsWith(".read", scope.Name, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hospitals", "list_hospitals create_department")]
    [InlineData("people", "get_current_user list_patients update_doctor_specialties create_specialty decide_correction_request")]
    [InlineData("appointments", "create_appointment rate_appointment list_appointment_slots set_doctor_schedule")]
    [InlineData("clinical", "get_medical_record_history create_medical_record list_treatments update_treatment")]
    [InlineData("clinical", "get_access_policy update_access_policy create_referral list_referrals break_glass review_emergency_override")]
    [InlineData("clinical", "create_representative list_representatives end_representative")]
    [InlineData("audit", "list_audit_events")]
    [InlineData("billing", "list_subscription_plans cancel_subscription list_invoices")]
    [InlineData("analytics", "get_hospital_statistics list_reports")]
    [InlineData("chat", "list_prompts answer_prompt abandon_prompt")]
    public void A_tool_belongs_to_the_area_of_what_it_reads_or_changes(string area, string tools) =>
        Assert.All(tools.Split(' '), name => Assert.Equal(area, ToolCatalogue.All[name].Scope.Name.Split('.')[0]));

    [Theory]
    [InlineData("medical_records", "clinical.read")]
    [InlineData("audit_events", "audit.read")]
    [InlineData("analytics/dashboard", "analytics.read")]
    public void A_resource_belongs_to_the_area_of_its_entities(string resource, string scope) =>
        Assert.Equal(scope, ResourceCatalogue.All[resource].Scope.Name);

    [Theory]
    [InlineData("schedules", "appointments.read")]
    [InlineData("triage", "chat.read")]
    [InlineData("treatments", "clinical.read")]
    [InlineData("access_policies", "clinical.read")]
    [InlineData("emergency_overrides", "clinical.read")]
    [InlineData("referrals", "clinical.read")]
    [InlineData("representatives", "clinical.read")]
    [InlineData("correction_requests", "people.read")]
    public void What_can_only_be_subscribed_to_belongs_to_the_area_of_its_service(string resource, string scope) =>
        Assert.Equal(scope, LiveResources.Scopes[resource].Name);

    [Theory]
    [InlineData("appointments.read", "appointments.read", true)]
    [InlineData("appointments.read", "appointments.write", false)]
    [InlineData("appointments.write", "appointments.read", true)]
    [InlineData("people.delete", "people.write", true)]
    [InlineData("people.write", "people.delete", false)]
    [InlineData("appointments.write", "people.read", false)]
    [InlineData("medcor.read", "billing.read", true)]
    [InlineData("medcor.read", "billing.write", false)]
    [InlineData("medcor.write", "people.write", true)]
    [InlineData("medcor.delete", "people.delete", true)]
    [InlineData("medcor.delete", "clinical.read", false)]
    [InlineData("medcor.read medcor.clinical", "clinical.read", true)]
    [InlineData("medcor.clinical medcor.read", "clinical.write", false)]
    [InlineData("medcor.write medcor.clinical", "clinical.write", true)]
    [InlineData("medcor.clinical", "clinical.read", false)]
    [InlineData("medcor.clinical people.write", "clinical.read", false)]
    [InlineData("medcor.read clinical.write", "clinical.write", true)]
    [InlineData("medcor.read clinical.write", "people.write", false)]
    [InlineData("", "people.read", false)]
    [InlineData("PEOPLE.READ", "people.read", false)]
    public void A_set_covers_what_its_scopes_permit(string scopes, string required, bool covers) =>
        Assert.Equal(covers, ScopeSet.Parse(scopes, out _).Covers(Scopes.Find(required)!));

    [Fact]
    public void Unknown_names_are_reported_and_permit_nothing()
    {
        var scopes = ScopeSet.Parse(" people.read  clinical.delete people.read x ", out var unknown);

        Assert.Equal(["clinical.delete", "x"], unknown);
        Assert.Equal("people.read", scopes.ToString());
    }

    [Fact]
    public void Nothing_covers_what_nobody_can_be_limited_to() =>
        Assert.False(ScopeSet.Parse(string.Join(' ', Scopes.All.Select(s => s.Name)), out _).Covers(Scope.Unknown));

    [Fact]
    public void Each_scope_is_described_in_a_sentence()
    {
        Assert.All(Scopes.All, scope => Assert.Matches("^[A-Z].*[a-z]\\.$", scope.Description));
        Assert.Distinct(Scopes.All.Select(scope => scope.Name));
    }

    [Fact]
    public void A_service_without_an_area_is_refused_by_name() =>
        Assert.Contains("pharmacy", Assert.Throws<InvalidOperationException>(() => Scope.For("pharmacy", null, Effect.Read)).Message, StringComparison.Ordinal);
}
