using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MedCor.Contracts;
using Npgsql;

namespace MedCor.Tests.Architecture.Deployment;

/// <summary>Tests the manifests of databases, poolers, Redis, the broker, backups and the ingress.</summary>
public partial class EngineTests
{
    [OverlayFact]
    public void In_production_no_node_is_a_single_point_of_failure()
    {
        var production = Overlay.Get("production");
        Assert.All(production.OfKind("Cluster"), c =>
        {
            Assert.Equal(3, c.Number("spec.instances"));
            Assert.Equal(1, c.Number("spec.postgresql.synchronous.number"));
            Assert.Equal("required", c.Text("spec.postgresql.synchronous.dataDurability"));
        });
        Assert.All(production.OfKind("Pooler"), p => Assert.True(p.Number("spec.instances") >= 2));
        var rabbitmq = production.OfKind("RabbitmqCluster").Single();
        Assert.Equal(3, rabbitmq.Number("spec.replicas"));
        Assert.All(["redis", "control-redis"], redis => Assert.Equal(3, production.Single("StatefulSet", redis).Number("spec.replicas")));

        Assert.All(production.OfKind("Cluster"), c => IsSpread(c, "spec", new JsonObject { ["cnpg.io/cluster"] = c.Text("metadata.name") }));
        Assert.All(production.OfKind("Pooler"), p => IsSpread(p, "spec.template.spec", p.At("spec.template.metadata.labels")!));
        IsSpread(rabbitmq, "spec.override.statefulSet.spec.template.spec", rabbitmq.At("spec.override.statefulSet.spec.template.metadata.labels")!);

        static void IsSpread(JsonNode manifest, string at, JsonNode pods) =>
            Assert.Contains(manifest.Items($"{at}.topologySpreadConstraints"),
                s => s.Text("topologyKey") == "topology.kubernetes.io/zone" && LabelSelector.Matches(s["labelSelector"]!, pods));
    }

    [OverlayTheory, EveryOverlay]
    public void At_most_one_pooler_may_be_disrupted_at_a_time(string overlay)
    {
        var rendered = Overlay.Get(overlay);
        Assert.All(rendered.OfKind("Pooler"), p => Assert.Single(
            rendered.OfKind("PodDisruptionBudget"),
            b => LabelSelector.Matches(b.At("spec.selector")!, p.At("spec.template.metadata.labels")!) && b.Number("spec.maxUnavailable") == 1));
    }

    [OverlayTheory, EveryOverlay]
    public void Every_database_is_backed_up_every_night_and_its_changes_all_the_time(string overlay)
    {
        var rendered = Overlay.Get(overlay);
        Assert.Equal(ServiceCatalogue.All.Count, rendered.OfKind("Cluster").Count());
        Assert.All(rendered.OfKind("Cluster"), c =>
        {
            Assert.StartsWith("s3://", c.Text("spec.backup.barmanObjectStore.destinationPath"), StringComparison.Ordinal);
            foreach (var part in (string[])["wal", "data"])
                Assert.Contains(c.Text($"spec.backup.barmanObjectStore.{part}.encryption"), (string[])["AES256", "aws:kms"]);
            Assert.NotNull(c.Text("spec.backup.retentionPolicy"));
            Assert.Single(rendered.OfKind("ScheduledBackup"), b => b.Text("spec.cluster.name") == c.Text("metadata.name"));
        });
    }

    [OverlayTheory, EveryOverlay]
    public void A_pooler_keeps_as_many_prepared_statements_as_a_service_makes(string overlay)
    {
        var prepares = int.Parse(
            MaxAutoPrepare().Match(File.ReadAllText(Path.Combine(MedCorFixture.RepositoryRoot(), "services/Platform/PlatformService.cs"))).Groups[1].Value,
            CultureInfo.InvariantCulture);
        var rendered = Overlay.Get(overlay);

        Assert.Equal(ServiceCatalogue.All.Count, rendered.OfKind("Pooler").Count());
        Assert.All(rendered.OfKind("Pooler"), pooler =>
        {
            Assert.Equal("transaction", pooler.Text("spec.pgbouncer.poolMode"));
            Assert.True(Parameter(pooler, "spec.pgbouncer.parameters.max_prepared_statements") >= prepares);
        });
    }

    [OverlayTheory, EveryOverlay]
    public void No_service_waits_in_the_pooler_for_another_services_connection(string overlay)
    {
        // The connections of a readiness check and of the data keys, in addition to the service's pool (PlatformService).
        const int Besides = 2;
        // Connections of migrations, of commands that run as the owner, of the operator, and those reserved for superusers.
        const int Others = 20;
        var rendered = Overlay.Get(overlay);
        Assert.All(rendered.OfKind("Pooler"), pooler =>
        {
            var app = rendered.Services.Single(a => a.Service == pooler.Text("metadata.name")!.Split('-')[0]);
            var connection = app.Containers.Single().Items("env").Single(e => e.Text("name") == "ConnectionStrings__db").Text("value");
            var autoscaler = rendered.OfKind("ScaledObject").Single(s => s.Text("spec.scaleTargetRef.name") == app.Name);
            var replicas = autoscaler.Number("spec.maxReplicaCount") + app.Manifest.Number("spec.strategy.rollingUpdate.maxSurge");
            var size = Parameter(pooler, "spec.pgbouncer.parameters.default_pool_size");

            // Connections are not spread evenly: a single pooler may have all of them.
            Assert.True(replicas * (new NpgsqlConnectionStringBuilder(connection).MaxPoolSize + Besides) < size);
            Assert.True(pooler.Number("spec.instances") * size + Others <= Parameter(rendered.Single("Cluster", pooler.Text("spec.cluster.name")!),
                "spec.postgresql.parameters.max_connections"));
        });
    }

    [OverlayTheory, EveryOverlay]
    public void A_changed_password_of_a_database_is_set_at_once(string overlay)
    {
        var rendered = Overlay.Get(overlay);
        var read = rendered.OfKind("Cluster")
            .SelectMany(c => c.Items("spec.managed.roles").Select(r => r.Text("passwordSecret.name")!).Append(c.Text("spec.bootstrap.initdb.secret.name")!))
            .ToArray();

        Assert.Equal(ServiceCatalogue.All.Count * 2, read.Length);
        Assert.All(read,
            secret => Assert.Equal("true", (string?)rendered.Single("ExternalSecret", secret).At("spec.target.template.metadata.labels")!["cnpg.io/reload"]));
    }

    [OverlayFact]
    public void The_restore_drill_runs_the_PostgreSQL_that_was_backed_up_and_verifies_the_audit_trail_as_every_night()
    {
        var (production, drill) = (Overlay.Get("production"), Overlay.Get("../drill"));
        var (nightly, verification) = (production.Workloads.Single(w => w.Name == "clinical-verify-audit"), drill.Workloads.Single(w => w.Kind == "Job"));

        Assert.Equal(production.Single("Cluster", "clinical-db").Text("spec.imageName"), drill.OfKind("Cluster").Single().Text("spec.imageName"));
        Assert.Equal(nightly.Pod.Items("initContainers").Single().ToJsonString(), verification.Pod.Items("initContainers").Single().ToJsonString());
        Assert.Equal(nightly.Program.Text("image"), verification.Program.Text("image"));
        Assert.Equal(["verify-audit", "$(HEAD)"], verification.Program.Texts("args"));
        Assert.All(drill.Workloads, w => Assert.True((bool?)w.Pod.At("securityContext.runAsNonRoot")));
    }

    /// <summary>Definitions of objects are compared as text, which differs between versions of PostgreSQL.</summary>
    [OverlayTheory, EveryOverlay]
    public void The_audit_trail_is_verified_with_the_PostgreSQL_that_stores_it(string overlay)
    {
        var rendered = Overlay.Get(overlay);

        Assert.All(ServiceCatalogue.All, service =>
        {
            var scratch = rendered.Workloads.Single(w => w.Name == $"{service.Name}-verify-audit").Pod.Items("initContainers").Single();
            Assert.Equal(rendered.Single("Cluster", $"{service.Name}-db").Text("spec.imageName"), scratch.Text("image"));
            // It goes on beside the command, and does not keep the Job from completing.
            Assert.Equal("Always", scratch.Text("restartPolicy"));
        });
    }

    [OverlayTheory, EveryOverlay]
    public void Identity_searches_people_by_an_index_since_a_superuser_said_once_that_it_may(string overlay) =>
        Assert.Contains(Overlay.Get(overlay).Single("Cluster", "identity-db").Texts("spec.bootstrap.initdb.postInitApplicationSQL"), sql =>
            File.ReadAllText(Path.Combine(MedCorFixture.RepositoryRoot(), "services/Identity/Migrations/0002_lists.sql")).Contains(sql,
                StringComparison.Ordinal));

    [OverlayTheory, EveryOverlay]
    public void Streams_are_never_cut_and_all_else_has_a_limit(string overlay)
    {
        var rules = Overlay.Get(overlay).Single("HTTPRoute", "gateway-app").Items("spec.rules").ToArray();
        foreach (var stream in new[] { "/api/mcp/sse", "/api/mcp/ws", "/mcp/stream" })
        {
            var rule = Assert.Single(rules, r => r.Items("matches").Any(m => m.Text("path.value") == stream));
            Assert.Equal("0s", rule.Text("timeouts.request"));
        }
        Assert.Equal("120s", rules.Single(r => r["matches"] is null).Text("timeouts.request"));
        Assert.All(rules, r => Assert.Equal("gateway-app", r.Items("backendRefs").Single().Text("name")));
    }

    [OverlayTheory, EveryOverlay]
    public void Clients_come_by_TLS_with_a_certificate_for_the_host_that_they_asked_for(string overlay)
    {
        var rendered = Overlay.Get(overlay);
        var gateway = rendered.OfKind("Gateway").Single();
        var (secure, plain) = (gateway.Items("spec.listeners").Single(l => l.Text("protocol") == "HTTPS"),
            gateway.Items("spec.listeners").Single(l => l.Text("protocol") == "HTTP"));
        var certificate = rendered.Single("Certificate", "gateway-entrance");

        Assert.Equal(certificate.Text("spec.secretName"), secure.Items("tls.certificateRefs").Single().Text("name"));
        Assert.Equal([secure.Text("hostname")!], certificate.Texts("spec.dnsNames"));
        Assert.Equal("https", rendered.OfKind("HTTPRoute").Single(r => r.Items("spec.parentRefs").Single().Text("sectionName") == plain.Text("name"))
            .Items("spec.rules").Single().Items("filters").Single().Text("requestRedirect.scheme"));
        Assert.All(rendered.OfKind("HTTPRoute"), r => Assert.Equal(gateway.Text("metadata.name"), r.Items("spec.parentRefs").Single().Text("name")));
        Assert.All(rendered.Services, service => Assert.Equal($"https://{secure.Text("hostname")}",
            service.Containers.Single().Items("env").Single(e => e.Text("name") == "Identity__PublicUrl").Text("value")));
    }

    [OverlayTheory, EveryOverlay]
    public void Services_and_servers_answer_by_TLS_with_a_certificate_for_the_names_by_which_they_are_called(string overlay)
    {
        var rendered = Overlay.Get(overlay);
        var authority = rendered.OfKind("Issuer").Single(i => i.Text("spec.ca.secretName") is not null);
        Assert.True((bool?)rendered.Single("Certificate", authority.Text("spec.ca.secretName")!).At("spec.isCA"));
        foreach (var app in rendered.Services)
        {
            AnswersAs(MountedSecret(app, "/etc/medcor/tls"), app.Name);
            var variables = app.Containers.Single().Items("env").ToDictionary(e => e.Text("name")!, e => e.Text("value"));
            Assert.StartsWith("https://+:8080", variables["ASPNETCORE_URLS"], StringComparison.Ordinal);
            Assert.Equal(("/etc/medcor/tls/ca.crt", "/etc/medcor/tls/tls.crt", "/etc/medcor/tls/tls.key"),
                (variables["Tls__AuthorityFile"], variables["Tls__CertificateFile"], variables["Tls__KeyFile"]));
            foreach (var connection in variables.Where(v => v.Key is "ConnectionStrings__cache" or "ConnectionStrings__control"))
                Assert.Contains("ssl=true", connection.Value!.Split(','));
            foreach (var probe in (string[])["startupProbe", "readinessProbe", "livenessProbe"])
                Assert.Equal("HTTPS", app.Containers.Single().Text($"{probe}.httpGet.scheme"));
        }
        foreach (var redis in (string[])["redis", "control-redis"])
            AnswersAs(MountedSecret(new(rendered.Single("StatefulSet", redis)), "/etc/tls"), [.. Enumerable.Range(0, 3).Select(n => $"{redis}-{n}.{redis}")]);
        AnswersAs(rendered.OfKind("RabbitmqCluster").Single().Text("spec.tls.secretName")!, "rabbitmq", "rabbitmq.medcor.svc");

        void AnswersAs(string secret, params string[] names)
        {
            var certificate = Assert.Single(rendered.OfKind("Certificate"), c => c.Text("spec.secretName") == secret);
            Assert.Equal(("Issuer", authority.Text("metadata.name")), (certificate.Text("spec.issuerRef.kind"), certificate.Text("spec.issuerRef.name")));
            Assert.Empty(names.Except(certificate.Texts("spec.dnsNames")));
        }

        static string MountedSecret(Workload workload, string path)
        {
            var mount = workload.Containers.First().Items("volumeMounts").Single(m => m.Text("mountPath") == path);
            return workload.Pod.Items("volumes").Single(v => v.Text("name") == mount.Text("name")).Text("secret.secretName")!;
        }
    }

    private static int Parameter(JsonNode manifest, string path) => int.Parse(manifest.Text(path)!, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"MaxAutoPrepare = (\d+)")]
    private static partial Regex MaxAutoPrepare();
}
