using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using MedCor.Contracts;

namespace MedCor.Tests.Architecture.Deployment;

/// <summary>Tests the rules that every workload in <c>deploy/</c> follows, on the rendered overlays.</summary>
public partial class WorkloadTests
{
    private static readonly string Root = MedCorFixture.RepositoryRoot();

    [OverlayTheory, EveryOverlay]
    public void Every_workload_runs_as_nobody_with_a_read_only_root(string overlay) => Each(overlay, w => w.Containers, container =>
    {
        Assert.True((bool?)container.At("securityContext.readOnlyRootFilesystem"));
        Assert.False((bool?)container.At("securityContext.allowPrivilegeEscalation"));
        Assert.Equal(["ALL"], container.Texts("securityContext.capabilities.drop"));
    }, pod =>
    {
        Assert.True((bool?)pod.At("securityContext.runAsNonRoot"));
        Assert.True(pod.Number("securityContext.runAsUser") > 0);
        Assert.Equal("RuntimeDefault", pod.Text("securityContext.seccompProfile.type"));
    });

    [OverlayTheory, EveryOverlay]
    public void Writable_directories_are_separate_volumes_with_a_size_limit(string overlay) => Each(overlay, w => w.Containers, container =>
        Assert.Contains(container.Items("volumeMounts"), m => m.Text("mountPath") == "/tmp"), pod =>
        Assert.NotNull(pod.Items("volumes").Single(v => v.Text("name") == "tmp").Text("emptyDir.sizeLimit")));

    [OverlayTheory, EveryOverlay]
    public void Every_container_says_what_it_takes_and_how_much_memory_it_may(string overlay) => Each(overlay, w => w.Containers, container =>
    {
        Assert.NotNull(container.Text("resources.requests.cpu"));
        Assert.NotNull(container.Text("resources.requests.memory"));
        Assert.NotNull(container.Text("resources.limits.memory"));
    });

    [OverlayTheory, EveryOverlay]
    public void Every_image_has_a_version(string overlay) => Each(overlay, w => w.Containers, container =>
        Assert.Matches(@":\d+(\.\d+)*(-[a-z]+)?(@sha256:[0-9a-f]{64})?$", container.Text("image")));

    [OverlayTheory, EveryOverlay]
    public void The_images_and_migrations_of_MedCor_are_those_of_the_version_in_this_tree(string overlay)
    {
        var version = XDocument.Load(Path.Combine(Root, "Directory.Build.props")).Descendants("Version").Single().Value;
        var ours = Overlay.Get(overlay).Workloads.Where(w => w.Role is "app" or "migration" or "command").ToArray();

        // The programs, and the migration, the command and the nightly verification of the audit trail of each service.
        Assert.Equal(ServiceCatalogue.Queues.Count + 3 * ServiceCatalogue.All.Count, ours.Length);
        Assert.All(ours, w => Assert.Matches($"/medcor/{w.Service}(:{version}|(:{version})?@sha256:[0-9a-f]{{64}})$", w.Program.Text("image")));
        Assert.All(ours.Where(w => w.Role == "migration"), w => Assert.Equal($"{w.Service}-migrate-{version.Replace('.', '-')}", w.Name));
    }

    [OverlayTheory, EveryOverlay]
    public void No_workload_mounts_a_service_account_token(string overlay)
    {
        Each(overlay, _ => [], _ => { }, pod => Assert.False((bool?)pod["automountServiceAccountToken"]));
        Assert.All(Overlay.Get(overlay).OfKind("ServiceAccount"), account => Assert.False((bool?)account["automountServiceAccountToken"]));
        // Each workload has a service account of its own, so that rights granted to one are not granted to others.
        var accounts = Overlay.Get(overlay).Workloads.Where(w => w.IsLongRunning).Select(w => w.Pod.Text("serviceAccountName")).ToArray();
        Assert.Equal(accounts.Length, accounts.OfType<string>().Distinct().Count());
    }

    [OverlayTheory, EveryOverlay]
    public void Every_serving_workload_has_startup_readiness_and_liveness_probes(string overlay)
    {
        foreach (var container in Overlay.Get(overlay).Workloads.Where(w => w.IsLongRunning).SelectMany(w => w.Containers))
            foreach (var probe in new[] { "startupProbe", "readinessProbe", "livenessProbe" })
                Assert.NotNull(container[probe]);
        foreach (var app in Overlay.Get(overlay).Services.Select(a => a.Containers.Single()))
        {
            Assert.Equal("/health", app.Text("readinessProbe.httpGet.path"));
            // Restarting a service does not help when its database is unavailable.
            Assert.Equal("/alive", app.Text("livenessProbe.httpGet.path"));
        }
    }

    [OverlayTheory, EveryOverlay]
    public void Stopping_pods_receive_no_new_work_and_have_time_to_finish(string overlay)
    {
        var drains = long.Parse(Drain().Match(File.ReadAllText(Path.Combine(Root, "ServiceDefaults/MedCorDefaults.cs"))).Groups[1].Value,
            CultureInfo.InvariantCulture);
        foreach (var workload in Overlay.Get(overlay).Workloads.Where(w => w.IsLongRunning))
            foreach (var container in workload.Containers)
            {
                var pause = container.Number("lifecycle.preStop.sleep.seconds");
                Assert.True(pause >= 5, $"{workload.Name} stops before all have heard that it does");
                if (workload.Role == "app")
                    Assert.True(workload.Pod.Number("terminationGracePeriodSeconds") >= pause + drains + 5, $"{workload.Name} is killed while it finishes");
            }
    }

    [OverlayTheory, EveryOverlay]
    public void Every_serving_workload_has_two_replicas_on_separate_nodes_and_a_disruption_budget(string overlay)
    {
        var rendered = Overlay.Get(overlay);
        foreach (var workload in rendered.Workloads.Where(w => w.IsLongRunning))
        {
            var replicas = Autoscalers(rendered, workload.Name).Select(a => a.Number("spec.minReplicas") + a.Number("spec.minReplicaCount"))
                .DefaultIfEmpty(workload.Manifest.Number("spec.replicas")).Single();
            Assert.True(replicas >= 2, $"{workload.Name} has {replicas}");
            foreach (var place in (string[])["kubernetes.io/hostname", "topology.kubernetes.io/zone"])
                Assert.Contains(workload.Pod.Items("topologySpreadConstraints"), s => s.Text("topologyKey") == place && Selects(s["labelSelector"]!, workload));
            Assert.Single(rendered.OfKind("PodDisruptionBudget"), b => Selects(b.At("spec.selector")!, workload) && b.Number("spec.maxUnavailable") == 1);
        }
        // A pod that runs to completion would count as disrupted.
        Assert.All(rendered.Workloads.Where(w => !w.IsLongRunning),
            w => Assert.DoesNotContain(rendered.OfKind("PodDisruptionBudget"), b => Selects(b.At("spec.selector")!, w)));
    }

    [OverlayTheory, EveryOverlay]
    public void Every_service_has_a_command_that_never_starts_by_itself_and_commands_are_configured_as_their_service_is(string overlay)
    {
        var rendered = Overlay.Get(overlay);
        var commands = rendered.Workloads.Where(w => w.Role == "command").ToArray();

        Assert.Equal(
            rendered.OfKind("Cluster").Select(c => c.Text("metadata.name")!.Replace("-db", "-command", StringComparison.Ordinal)).Order(),
            commands.Where(c => (bool?)c.Manifest.At("spec.suspend") == true).Select(c => c.Name).Order());
        Assert.All(commands, command =>
        {
            var own = Environment(command);
            var service = Environment(rendered.Services.Single(a => a.Service == command.Service));
            Assert.Equal(service, own[..service.Length]);
            // Of all commands, only the rebuild changes whole tables.
            string[] more = command.Name == "analytics-command" ? ["OWNER_PASSWORD", "ConnectionStrings__owner"] : [];
            Assert.Equal(more, command.Program.Items("env").Skip(service.Length).Select(e => e.Text("name")));
        });

        static string[] Environment(Workload workload) => [.. workload.Program.Items("env").Select(e => e.ToJsonString())];
    }

    [OverlayTheory, EveryOverlay]
    public void Services_are_scaled_by_their_queues_the_gateway_by_its_load_and_nobody_by_two(string overlay)
    {
        var rendered = Overlay.Get(overlay);
        foreach (var app in rendered.Services)
        {
            var autoscaler = Assert.Single(Autoscalers(rendered, app.Name));
            // Otherwise applying the overlay would undo the autoscaler's decision.
            Assert.Null(app.Manifest.At("spec.replicas"));
            if (app.Service == "gateway") Assert.Equal("HorizontalPodAutoscaler", autoscaler.Text("kind"));
            else Assert.Equal(app.Service, autoscaler.Items("spec.triggers").Single(t => t.Text("type") == "rabbitmq").Text("metadata.queueName"));
        }
    }

    [OverlayTheory, EveryOverlay]
    public void The_namespace_refuses_what_is_not_restricted_and_has_bounds(string overlay)
    {
        var rendered = Overlay.Get(overlay);
        Assert.Equal("restricted", (string?)rendered.OfKind("Namespace").Single().At("metadata.labels")!["pod-security.kubernetes.io/enforce"]);
        Assert.NotNull(rendered.OfKind("ResourceQuota").Single().At("spec.hard")!["limits.memory"]);
        Assert.NotNull(rendered.OfKind("LimitRange").Single().Items("spec.limits").Single()["default"]);
    }

    [OverlayTheory, EveryOverlay]
    public void No_secret_stands_in_the_tree_and_each_that_is_named_comes_from_the_store(string overlay)
    {
        var rendered = Overlay.Get(overlay);
        Assert.Empty(rendered.OfKind("Secret"));
        var stored = rendered.OfKind("ExternalSecret").Select(s => s.Text("metadata.name")!).ToHashSet();
        // Secrets that operators create: the certificate authority of a database, and the certificate of the ingress.
        var made = rendered.OfKind("Cluster").Select(c => $"{c.Text("metadata.name")}-ca")
            .Concat(rendered.OfKind("Certificate").Select(c => c.Text("spec.secretName")!)).ToHashSet();

        var named = rendered.Workloads.SelectMany(w => w.Containers.SelectMany(c => c.Items("env")).Select(e => e.Text("valueFrom.secretKeyRef.name"))
            .Concat(w.Pod.Items("volumes").Select(v => v.Text("secret.secretName"))))
            .Concat(rendered.OfKind("Cluster")
                .SelectMany(c => new[] { c.Text("spec.bootstrap.initdb.secret.name"), c.Text("spec.backup.barmanObjectStore.s3Credentials.accessKeyId.name") }))
            .Concat(rendered.OfKind("Cluster").SelectMany(c => c.Items("spec.managed.roles")).Select(r => r.Text("passwordSecret.name")))
            .Concat(rendered.OfKind("RabbitmqCluster").Select(c => c.Text("spec.secretBackend.externalSecret.name")))
            .Concat(rendered.OfKind("TriggerAuthentication").SelectMany(a => a.Items("spec.secretTargetRef")).Select(s => s.Text("name")))
            .OfType<string>().ToHashSet();

        Assert.Empty(named.Except(stored).Except(made));
        Assert.Empty(stored.Except(named));
        Assert.Contains($"{rendered.OfKind("SecretStore").Single().Text("metadata.name")}",
            rendered.OfKind("ExternalSecret").Select(s => s.Text("spec.secretStoreRef.name")).Distinct());
    }

    [OverlayTheory, EveryOverlay]
    public void Migrations_are_the_owners_and_services_are_not(string overlay)
    {
        var rendered = Overlay.Get(overlay);
        foreach (var cluster in rendered.OfKind("Cluster"))
        {
            var service = cluster.Text("metadata.name")!.Split('-')[0];
            var role = cluster.Items("spec.managed.roles").Single();
            Assert.Equal(MedCor.Platform.Database.Migrator.ServiceRole(service), role.Text("name"));
            Assert.Null(role["superuser"]);
            Assert.Null(role["bypassrls"]);
            Assert.NotEqual(role.Text("name"), cluster.Text("spec.bootstrap.initdb.owner"));

            var migration = rendered.Workloads.Single(w => w.Role == "migration" && w.Service == service).Containers.Single();
            Assert.Equal(["migrate"], migration.Texts("args"));
            Assert.Contains(migration.Items("env"), e => e.Text("name") == "ConnectionStrings__owner"
                && e.Text("value")!.Contains($"Username={cluster.Text("spec.bootstrap.initdb.owner")};", StringComparison.Ordinal));
            Assert.DoesNotContain(rendered.Services.Single(a => a.Service == service).Containers.Single().Items("env"),
                e => e.Text("name") == "ConnectionStrings__owner");
        }
    }

    /// <param name="containers">Selects the containers of a workload to check.</param>
    private static void Each(string overlay, Func<Workload, IEnumerable<JsonObject>> containers, Action<JsonObject> holds, Action<JsonObject>? ofPod = null)
    {
        var workloads = Overlay.Get(overlay).Workloads.ToArray();
        Assert.NotEmpty(workloads);
        Assert.All(workloads, workload =>
        {
            ofPod?.Invoke(workload.Pod);
            Assert.All(containers(workload), holds);
        });
    }

    private static IEnumerable<JsonObject> Autoscalers(Overlay overlay, string workload) =>
        overlay.OfKind("HorizontalPodAutoscaler", "ScaledObject").Where(a => a.Text("spec.scaleTargetRef.name") == workload);

    private static bool Selects(JsonNode selector, Workload workload) => LabelSelector.Matches(selector, workload.Template["metadata"]!["labels"]!);

    [GeneratedRegex(@"ShutdownTimeout = TimeSpan\.FromSeconds\((\d+)\)")]
    private static partial Regex Drain();
}
