using System.Net.Http.Json;
using System.Text.RegularExpressions;

namespace MedCor.Tests.EndToEnd.Deployment;

/// <summary>Tests the start of the production overlay on empty servers, in the order in which a cluster starts it.</summary>
public partial class OverlayStartTests
{
    [OverlayFact]
    public async Task Every_workload_starts_with_the_environment_of_its_manifest_alone()
    {
        var production = Overlay.Get("production");
        await using var stage = await OverlayDeployment.SetUp("production");

        // Without its schema a service refuses to start, and Kubernetes restarts it until the schema exists.
        var (refused, said) = await stage.Run("hospital-app");
        Assert.NotEqual(0, refused);
        Assert.Contains("migrat", said, StringComparison.OrdinalIgnoreCase);

        // The nightly audit check cannot run at this point; its exit code must differ from those of findings.
        var findings = production.Single("CronJob", "clinical-verify-audit").Items("spec.jobTemplate.spec.podFailurePolicy.rules").Single()
            .Texts("onExitCodes.values");
        var (blind, _) = await stage.Run("clinical-verify-audit");
        Assert.DoesNotContain($"{blind}", findings.Append("0"));

        foreach (var migration in production.Workloads.Where(w => w.Role == "migration"))
        {
            var (exit, told) = await stage.Run(migration.Name);
            Assert.True(exit == 0, $"{migration.Name} ended with {exit}:\n{told}");
        }
        // A superuser marked the function as leakproof when the database was created, so Identity's migration has nothing to warn about.
        Assert.Equal(1, await stage.Count("identity-db",
            "SELECT count(*) FROM pg_proc WHERE proname = 'texticlike' AND proargtypes[1] = 'text'::regtype AND proleakproof"));

        var apps = production.Services.ToDictionary(a => a.Service!, a => stage.Start(a.Name));
        Assert.All(apps.Values, app => Assert.DoesNotContain(app.Environment.Values, value => Unresolved().IsMatch(value!)));
        foreach (var app in apps.Values) await app.WaitUntilAnswers("/health");
        // This shows that the gateway has reached every service, Redis and the broker at the addresses it was given.
        await apps["gateway"].WaitUntilAnswers("/readyz");

        Assert.Equal(0, await stage.Count("hospital-db", "SELECT count(*) FROM hospitals"));

        // Nobody can log in yet, so the first account is created by a command.
        var (denied, wrong) = await stage.Exec("identity-app", "password", "create-admin", "nobody", "Grace", "");
        Assert.Equal(1, denied);
        foreach (var field in (string[])["email", "last_name"]) Assert.Contains($"  {field}: ", wrong, StringComparison.Ordinal);
        var (made, who) = await stage.Exec("identity-app", "a sentence that nobody else knows", "create-admin", "grace@example.org", "Grace", "Hopper");
        Assert.True(made == 0, who);
        using var login = await apps["gateway"].Http.PostAsJsonAsync(new Uri("/api/auth/login/", UriKind.Relative),
            new { email = "grace@example.org", password = "a sentence that nobody else knows" });
        Assert.True(login.IsSuccessStatusCode, await login.Content.ReadAsStringAsync());
        Assert.DoesNotContain("nobody else knows", who, StringComparison.Ordinal);

        foreach (var figure in (string[])["medcor.outbox.age", "medcor.audit.unchained.age", "medcor.listeners"])
            await Wait.Until(
                () => Task.FromResult(stage.Telemetry.Bodies.Any(b => System.Text.Encoding.Latin1.GetString(b).Contains(figure, StringComparison.Ordinal))),
                $"{figure} is exported", TimeSpan.FromSeconds(60));

        foreach (var trail in (string[])["clinical", "identity"])
        {
            var (whole, verdict) = await stage.Run($"{trail}-verify-audit");
            Assert.True(whole == 0, verdict);
            Assert.Contains("The audit trail is whole.", verdict, StringComparison.Ordinal);
        }

        foreach (var (job, command) in new[] { ("identity-command", "rotate-keys"), ("analytics-command", "rebuild") })
        {
            var (done, told) = await stage.Run(job, command);
            Assert.True(done == 0, $"{command} ended with {done}:\n{told}");
        }

        foreach (var app in apps.Values) Assert.Equal(0, await app.Stop());
    }

    [GeneratedRegex(@"\$\(|-pooler|-db-rw|\.(?:control-)?redis\b|-app:|^/etc/")]
    private static partial Regex Unresolved();
}
