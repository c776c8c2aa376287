using System.ComponentModel;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.DemoData;
using MedCor.Gateway.Forwarding;
using MedCor.Platform.Erasures;
using MedCor.Platform.Messaging;
using MedCor.Platform.Replay;
using MedCor.ServiceDefaults.Authentication;
using MedCor.ServiceDefaults.Messaging;
using MedCor.Tests.Architecture.Deployment;

namespace MedCor.Tests.Architecture;

/// <summary>
/// Tests that each service, role and live resource is everywhere that it must be. <c>docs/add-a-service.md</c> and <c>CONTRIBUTING.md</c> say how to add one.
/// </summary>
public sealed partial class TopologyTests
{
    private static readonly string Root = MedCorFixture.RepositoryRoot();

    private static readonly string[] Names = [.. ServiceCatalogue.All.Select(s => s.Name).Order()];

    [Fact]
    public void Every_service_is_a_program_that_registers_under_its_name()
    {
        var programs = Directory.GetDirectories(Path.Combine(Root, "services")).Select(folder => Path.Combine(folder, "Program.cs"))
            .Where(File.Exists).ToArray();

        Assert.Equal(ServiceCatalogue.All.Select(s => s.ProjectName).Order(), programs.Select(path => Path.GetFileName(Path.GetDirectoryName(path)!)).Order());
        Assert.Equal(Names, programs.Select(path => Registration().Match(File.ReadAllText(path)).Groups["name"].Value).Order());
    }

    [Fact]
    public void Every_service_and_the_gateway_have_a_queue_that_publishers_wait_for() =>
        Assert.Equal([.. Names, ServiceCatalogue.Gateway], ServiceCatalogue.Queues.Order().OrderBy(queue => queue == ServiceCatalogue.Gateway));

    [Fact]
    public void Every_service_may_receive_the_events_that_it_handles_and_no_others() => Assert.All(ServiceCatalogue.All, service =>
    {
        var assembly = Assembly.Load($"MedCor.{service.ProjectName}");
        var registration = Registration().Match(File.ReadAllText(Path.Combine(Root, "services", service.ProjectName, "Program.cs")));
        var copies = Copies().Matches(registration.Groups["copies"].Value).Select(copy => copy.Groups[1].Value);
        var platform = typeof(IEventHandler<>).Assembly.GetTypes()
            .Where(type => copies.Contains(type.Name) || type == typeof(ReplayRequestHandler) || type == typeof(ErasureHandler));
        var handled = from type in assembly.GetTypes().Concat(platform)
                      from implemented in type.GetInterfaces()
                      where implemented.IsGenericType && (implemented.GetGenericTypeDefinition() == typeof(IEventHandler<>)
                          || implemented.GetGenericTypeDefinition() == typeof(IProjection<>))
                      where type is { IsClass: true, IsAbstract: false }
                      select implemented.GetGenericArguments()[0].Name;

        Assert.Equal(handled.Distinct().Order(), BrokerAccess.GetHandledEvents(service.Name).Select(type => type.Name).Order());
    });

    [Fact]
    public void Every_consumer_refuses_forged_events()
    {
        var programs = ServiceCatalogue.All.Select(service => Assembly.Load($"MedCor.{service.ProjectName}"))
            .Concat([typeof(IEventHandler<>).Assembly, typeof(ForwardedEndpoints).Assembly]);
        var consumers = programs.SelectMany(assembly => assembly.GetTypes())
            .Where(type => type is { IsClass: true, IsAbstract: false } && type.GetInterfaces().Any(i => i.Name == "IConsumer`1")).ToArray();

        Assert.NotEmpty(consumers);
        Assert.All(consumers, type => Assert.Equal(typeof(EventConsumer<>).Name, type.BaseType!.Name));
    }

    [Fact]
    public void Every_event_is_published_by_one_service_except_the_request_for_a_replay()
    {
        var published = BrokerAccess.Programs.SelectMany(BrokerAccess.GetPublishedEvents).ToArray();
        var events = typeof(IntegrationEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(IntegrationEvent)) && !type.IsAbstract);

        // The end of a replay is sent to who requested it, copies of audit events to who keeps them, and neither is published.
        Assert.Equal(events.Except([typeof(HistoryTold), typeof(AuditEventsRecorded)]).Select(type => type.Name).Order(),
            published.Distinct().Select(type => type.Name).Order());
        Assert.Equal([nameof(HistoryWanted)], published.GroupBy(type => type.Name).Where(publishers => publishers.Count() > 1).Select(type => type.Key));
    }

    [Fact]
    public void Every_tool_and_resource_belongs_to_a_service() =>
        Assert.Empty(ToolCatalogue.All.Values.Select(t => t.Service).Concat(ResourceCatalogue.All.Values.Select(r => r.Service)).Except(Names));

    [Fact]
    public void Every_service_is_a_cluster_of_the_gateway() => Assert.Equal(Names, ForwardedEndpoints.Clusters.Select(cluster => cluster.ClusterId).Order());

    [Fact]
    public async Task Every_service_is_in_the_application_model_and_known_to_the_gateway()
    {
        var projects = AspireManifest.Projects(await AspireManifest.Resources).Select(p => p.Name);
        var references = await AspireManifest.References();

        Assert.Equal(ServiceCatalogue.Queues.Order(), projects.Order());
        Assert.Equal(Names.Select(name => $"{ServiceCatalogue.Gateway} -> {name}"),
            references.Where(r => r.StartsWith(ServiceCatalogue.Gateway, StringComparison.Ordinal)).Order());
    }

    [Fact]
    public void Every_service_is_deployed_with_a_database_and_scaled_by_its_queue()
    {
        Assert.Empty(ServiceCatalogue.Queues.Except(Manifest("base", "kustomization.yaml").Texts("resources")));
        Assert.Equal(ServiceCatalogue.Queues.Select(name => $"medcor/{name}").Order(),
            Manifest("components", "release", "kustomization.yaml").Items("images").Select(i => i.Text("name")).Order());
        Assert.All(Names, name =>
        {
            Assert.Equal(["../../components/app", "../../components/database", "../../components/queue"],
                Manifest("base", name, "kustomization.yaml").Texts("components").Order());
            Assert.Equal(name, Manifest("base", name, "name.yaml").Text("data.name"));
        });
    }

    [Fact]
    public void A_service_can_be_asked_for_a_replay_if_it_has_something_to_replay() => Assert.All(ServiceCatalogue.All, service =>
        Assert.Equal(service.CanReplay, Assembly.Load($"MedCor.{service.ProjectName}").GetTypes().Any(t => t.IsAssignableTo(typeof(IReplaySource)))));

    [Fact]
    public void Every_role_has_a_label_of_its_own_and_belongs_to_some_caller()
    {
        Assert.Equal(Callers.Everyone, CallerKinds.All.Aggregate(Callers.None, (all, kind) => all | kind.Value));
        Assert.Distinct(CallerKinds.All.Select(kind => kind.Label));
        Assert.Equal(CallerKinds.All.Select(kind => kind.Value),
            Enum.GetValues<Role>().SelectMany(role => (Guid?[])[null, Guid.NewGuid()], Kind).Except([Callers.None]).Distinct().Order());
        Assert.Contains(nameof(Unlabeled.Pharmacist), Assert.Throws<InvalidOperationException>(() => CallerKinds.Read(typeof(Unlabeled))).Message,
            StringComparison.Ordinal);

        static Callers Kind(Role role, Guid? hospital) => new Caller(Guid.NewGuid(), "", role, hospital, Guid.NewGuid(), default, default).Kind;
    }

    [Fact]
    public void Every_role_can_act_in_the_audit_trail_and_has_a_demo_account_in_every_hospital()
    {
        // Besides callers, strangers and MedCor itself act.
        string[] others = [nameof(ActingRole.Anonymous), nameof(ActingRole.System)];
        Assert.Equal(CallerKinds.All.Select(kind => kind.Value.ToString()).Concat(others).Order(), Enum.GetNames<ActingRole>().Order());
        Assert.All(DemoTenants.Hospitals, hospital =>
            Assert.Equal(CallerKinds.All.Select(kind => kind.Value).Except([Callers.Platform]), hospital.Accounts.Select(account => account.Kind).Order()));
    }

    [Fact]
    public void A_hospitals_provider_gives_roles_that_users_have() => Assert.Empty(Enum.GetNames<StaffRole>().Except(Enum.GetNames<Role>()));

    [Fact]
    public void The_page_about_roles_has_a_column_for_each()
    {
        var header = File.ReadLines(Path.Combine(Root, "docs", "roles.md")).First(line => line.StartsWith("| |", StringComparison.Ordinal));

        Assert.Equal(CallerKinds.All.Select(kind => kind.Label).Order(),
            header.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Order());
    }

    [Theory]
    [InlineData(typeof(WithoutResource), "has a LiveUpdate and no [LiveResource]")]
    [InlineData(typeof(WithoutRoles), "declares no roles that may subscribe to reminders")]
    [InlineData(typeof(WithTwoTruths), "declares roles for hospitals, which has those that may read it")]
    public void An_event_that_subscribers_receive_declares_its_resource_and_who_may_subscribe(Type integrationEvent, string error) =>
        Assert.Contains(error, Assert.Throws<InvalidOperationException>(() => LiveResources.Read([integrationEvent])).Message, StringComparison.Ordinal);

    private static JsonObject Manifest(params string[] path) => Overlay.Documents(File.ReadAllText(Path.Combine([Root, "deploy", .. path]))).Single();

    private enum Unlabeled
    {
        [Description("doctor")]
        Doctor = 4,
        Pharmacist = 32,
    }

    private sealed record WithoutResource() : IntegrationEvent(null, 0);

    [LiveResource("reminders")]
    private sealed record WithoutRoles() : IntegrationEvent(null, 0);

    [LiveResource("hospitals", Callers = Callers.Everyone)]
    private sealed record WithTwoTruths() : IntegrationEvent(null, 0);

    [GeneratedRegex("""\.AddMedCorService<\w+>\("(?<name>\w+)"(?<copies>[^;]*);""")]
    private static partial Regex Registration();

    [GeneratedRegex(@"typeof\((\w+)\)")]
    private static partial Regex Copies();
}
