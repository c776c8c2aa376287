using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MedCor.Contracts;
using MedCor.Gateway.Limits;

namespace MedCor.Tests.Architecture.Deployment;

/// <summary>
/// Tests which workloads can reach each other, computed from the network policies as a cluster's network does: a connection is allowed when one side's egress
/// and the other side's ingress allow it.
/// </summary>
public partial class NetworkTests
{
    private const int Http = 8080;
    private const int Entrance = 8000;
    private const int Postgres = 5432;

    [OverlayTheory, EveryOverlay]
    public async Task Allowed_connections_match_the_application_model(string overlay)
    {
        var apps = Overlay.Get(overlay).Services.ToArray();
        var open = from a in apps from b in apps where a != b && IsOpen(overlay, Of(a), Of(b), Http) select $"{a.Service} -> {b.Service}";

        Assert.Equal((await AspireManifest.References()).Order(), open.Order());
    }

    [OverlayTheory, EveryOverlay]
    public async Task Each_workload_knows_the_addresses_of_the_services_it_calls(string overlay)
    {
        var rendered = Overlay.Get(overlay);
        var told = from app in rendered.Services
                   from variable in app.Containers.Single().Items("env")
                   let name = ServiceAddress().Match(variable.Text("name")!)
                   where name.Success
                   select (Edge: $"{app.Service} -> {name.Groups[1].Value}", Address: new Uri(variable.Text("value")!));

        Assert.Equal((await AspireManifest.References()).Order(), told.Select(t => t.Edge).Order());
        Assert.All(told, t => Assert.Equal("https", t.Address.Scheme));
        Assert.All(told, t => Assert.Contains(rendered.OfKind("Service"),
            s => s.Text("metadata.name") == t.Address.Host && s.Items("spec.ports").Any(p => p.Number("port") == t.Address.Port)));
    }

    [OverlayTheory, EveryOverlay]
    public void A_service_leads_to_its_pods_and_no_others(string overlay)
    {
        var rendered = Overlay.Get(overlay);
        foreach (var app in rendered.Services)
        {
            var selector = new JsonObject { ["matchLabels"] = rendered.Single("Service", app.Name).At("spec.selector")!.DeepClone() };
            Assert.Equal([app.Name], rendered.Workloads.Where(w => LabelSelector.Matches(selector, w.Template["metadata"]!["labels"]!)).Select(w => w.Name));
        }
    }

    [OverlayTheory, EveryOverlay]
    public void A_database_is_reached_by_its_own_service_alone_through_the_pooler_and_by_its_own_migrations_and_commands(string overlay)
    {
        var rendered = Overlay.Get(overlay);
        var databases = rendered.OfKind("Cluster")
            .Select(c => (Service: c.Text("metadata.name")!.Split('-')[0], Pod: new Peer(new JsonObject { ["cnpg.io/cluster"] = c.Text("metadata.name") })));
        var poolers = rendered.OfKind("Pooler")
            .Select(p => (Service: p.Text("metadata.name")!.Split('-')[0], Pod: new Peer((JsonObject)p.At("spec.template.metadata.labels")!)));

        Assert.Equal(ServiceCatalogue.All.Count, databases.Count());
        foreach (var workload in rendered.Workloads)
        {
            var ways = databases.Where(d => IsOpen(overlay, Of(workload), d.Pod, Postgres)).Select(d => $"{d.Service}-db")
                .Concat(poolers.Where(p => IsOpen(overlay, Of(workload), p.Pod, Postgres)).Select(p => $"{p.Service}-pooler"));
            string[] meant = workload.Role switch
            {
                "migration" => [$"{workload.Service}-db"],
                "command" when workload.Service == "analytics" => ["analytics-db", "analytics-pooler"],
                "app" or "command" when workload.Service != "gateway" => [$"{workload.Service}-pooler"],
                _ => [],
            };
            Assert.Equal(meant, ways);
        }
        Assert.All(poolers, p => Assert.Single(databases, d => IsOpen(overlay, p.Pod, d.Pod, Postgres) && d.Service == p.Service));
    }

    [OverlayTheory, EveryOverlay]
    public void Redis_the_broker_and_the_collector_are_reached_by_who_needs_them(string overlay)
    {
        var rendered = Overlay.Get(overlay);
        foreach (var (role, port, users) in new[] { ("redis", 6379, new[] { "app", "command", "redis" }), ("control-redis", 6379, ["app", "command",
            "control-redis"]), ("broker", 5671, ["app"]), ("collector", 4318, ["app"]) })
        {
            var server = new Peer(new JsonObject { ["medcor/role"] = role });
            Assert.All(rendered.Workloads, w => Assert.Equal(users.Contains(w.Role) && (role != "redis" || w.Service is null or "gateway" or "chat"),
                IsOpen(overlay, Of(w), server, port)));
        }
        Assert.All(["redis", "control-redis"], role =>
        {
            var redis = Of(rendered.Workloads.Single(w => w.Role == role));
            Assert.True(IsOpen(overlay, redis, redis, 26379), "sentinels agree");
            Assert.DoesNotContain(rendered.Services, a => IsOpen(overlay, Of(a), redis, 26379));
        });
    }

    [OverlayTheory, EveryOverlay]
    public void Only_chat_and_identity_reach_the_world_and_only_the_entrance_reaches_the_gateway(string overlay)
    {
        var rendered = Overlay.Get(overlay);
        var world = rendered.Workloads.Where(w => Policies(overlay, Of(w), "Egress").SelectMany(p => p.Items("spec.egress"))
            .Any(rule => rule["to"] is null || rule.Items("to").Any(to => to["ipBlock"] is not null)));
        Assert.Equal(["chat-app", "identity-app"], world.Select(w => w.Name).Order());

        var outside = new Peer([], Namespace: rendered.OfKind("NetworkPolicy").Single(p => p.Text("metadata.name") == "gateway-from-entrance")
            .Items("spec.ingress").Single().Items("from").Single().At("namespaceSelector")!.Items("matchExpressions").Single().Texts("values").Single());
        Assert.Equal("gateway-app", Assert.Single(rendered.Services, a => Lets(overlay, Of(a), outside, Entrance, "Ingress")).Name);
        // What is not encrypted there is open to nobody else, and services call each other by TLS.
        Assert.DoesNotContain(rendered.Services, a => Lets(overlay, Of(a), outside, Http, "Ingress"));
        Assert.DoesNotContain(rendered.Workloads, w => IsOpen(overlay, Of(w), Of(rendered.Services.Single(a => a.Service == "gateway")), Entrance));
    }

    [OverlayTheory, EveryOverlay]
    public void Every_pod_may_use_DNS_and_nothing_else_is_open_by_default(string overlay)
    {
        var dns = new Peer(new JsonObject { ["k8s-app"] = "kube-dns" }, Namespace: "kube-system");
        var stranger = new Peer(new JsonObject { ["app"] = "stranger" });

        Assert.True(Lets(overlay, stranger, dns, 53, "Egress"));
        Assert.All(Overlay.Get(overlay).Workloads, w => Assert.False(IsOpen(overlay, stranger, Of(w), Http)));
        Assert.Equal(["Ingress", "Egress"], Overlay.Get(overlay).Single("NetworkPolicy", "default-deny").Texts("spec.policyTypes"));
    }

    [OverlayTheory, EveryOverlay]
    public void Only_the_ingress_is_trusted_with_the_client_address(string overlay)
    {
        var variables = Overlay.Get(overlay).Services.Single(a => a.Service == "gateway").Containers.Single().Items("env");
        var limits = new LimitOptions { TrustedProxies = variables.Single(v => v.Text("name") == "MCP_TRUSTED_PROXIES").Text("value") };

        Assert.NotEmpty(limits.TrustedProxies!);
        Assert.Empty(limits.Validate(new(limits)));
    }

    private static Peer Of(Workload workload) => new((JsonObject)workload.Template["metadata"]!["labels"]!);

    private static bool IsOpen(string overlay, Peer from, Peer to, int port) =>
        Lets(overlay, from, to, port, "Egress") && Lets(overlay, to, from, port, "Ingress");

    /// <summary>Returns whether the policies of one peer allow connections in the given direction with the other peer.</summary>
    private static bool Lets(string overlay, Peer side, Peer other, int port, string direction)
    {
        var (rules, peers) = direction == "Egress" ? ("spec.egress", "to") : ("spec.ingress", "from");
        return Policies(overlay, side, direction).SelectMany(p => p.Items(rules))
            .Any(rule =>
                (rule["ports"] is null || rule.Items("ports").Any(p => p.Number("port") == port)) && rule.Items(peers).Any(peer => Covers(peer, other)));
    }

    private static IEnumerable<JsonObject> Policies(string overlay, Peer side, string direction) =>
        Overlay.Get(overlay).OfKind("NetworkPolicy")
            .Where(p => p.Texts("spec.policyTypes").Contains(direction) && LabelSelector.Matches(p.At("spec.podSelector")!, side.Labels));

    private static bool Covers(JsonObject peer, Peer other) =>
        peer["ipBlock"] is null
        && (peer["namespaceSelector"] is { } place
            ? LabelSelector.Matches(place, new JsonObject { ["kubernetes.io/metadata.name"] = other.Namespace })
            : other.Namespace == Peer.Ours)
        && (peer["podSelector"] is not { } pods || LabelSelector.Matches(pods, other.Labels));

    private sealed record Peer(JsonObject Labels, string Namespace = Peer.Ours)
    {
        public const string Ours = "medcor";
    }

    [GeneratedRegex(@"^services__(\w+)__http__0$")]
    private static partial Regex ServiceAddress();
}
