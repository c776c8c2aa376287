using System.Text.Json.Nodes;
using MedCor.Contracts;

namespace MedCor.Tests.Architecture.Deployment;

/// <summary>Tests that every program logs in to Redis and RabbitMQ as itself, with the rights that the contracts list, and knows no other password.</summary>
public sealed class LoginTests
{
    [OverlayTheory, EveryOverlay]
    public void A_program_has_the_rights_in_RabbitMQ_that_the_contracts_list(string overlay)
    {
        var rendered = Overlay.Get(overlay);
        Assert.All(BrokerAccess.Programs, program =>
        {
            var permission = Assert.Single(rendered.OfKind("Permission"), p => p.Text("spec.user") == program);
            var (rights, rendering) = (BrokerAccess.GetRights(program), permission.At("spec.permissions")!);
            var expected = Lines(rights.Configure, rights.Write, rights.Read);

            Assert.Equal("/", permission.Text("spec.vhost"));
            Assert.True(expected == Lines(rendering.Text("configure"), rendering.Text("write"), rendering.Text("read")),
                $"deploy/base/{program}/broker.yaml must contain:\n{expected}");
            Assert.Single(rendered.OfKind("User"), u => u.Text("spec.importCredentialsSecret.name") == $"{program}-server-login");
        });

        static string Lines(string? configure, string? write, string? read) => $"configure: '{configure}'\nwrite: '{write}'\nread: '{read}'";
    }

    [OverlayTheory, EveryOverlay]
    public void Nobody_else_has_a_login_but_who_only_counts_messages(string overlay)
    {
        var others = Overlay.Get(overlay).OfKind("Permission").Where(p => !BrokerAccess.Programs.Contains(p.Text("spec.user")!)).ToArray();

        Assert.Equal(["keda"], others.Select(p => p.Text("spec.user")));
        Assert.All(["configure", "write", "read"], right => Assert.Equal("^$", others[0].Text($"spec.permissions.{right}")));
        Assert.Equal(BrokerAccess.Programs.Count + 1, Overlay.Get(overlay).OfKind("User").Count());
    }

    [OverlayTheory, EveryOverlay]
    public void The_logins_of_both_Redis_are_those_that_the_contracts_list(string overlay)
    {
        var rendered = Overlay.Get(overlay);
        foreach (var (name, logins) in new[] { ("redis", RedisAccess.Cache), ("control-redis", RedisAccess.Control) })
        {
            var volumes = rendered.Single("StatefulSet", name).Items("spec.template.spec.volumes").ToArray();
            var files = (JsonObject)rendered.Single("ConfigMap", volumes.Single(v => v.Text("name") == "configuration").Text("configMap.name")!)["data"]!;
            var expected = string.Join('\n', logins.Select(login => $"{login.User} {login.Rules}"));
            Assert.True(((string)files["users.acl"]!).TrimEnd() == expected, $"deploy/base/{name}/users.acl must contain:\n{expected}");

            var secret = rendered.Single("ExternalSecret", volumes.Single(v => v.Text("name") == "users").Text("secret.secretName")!);
            var passwords = secret.Items("spec.data").ToArray();
            Assert.Equal(logins.Select(login => login.User).Order(), passwords.Select(p => p.Text("secretKey")).Order());
            Assert.All(passwords, p => Assert.Equal($"{p.Text("secretKey")}-server-login", p.Text("remoteRef.key")));
        }
    }

    [OverlayTheory, EveryOverlay]
    public void A_program_knows_its_own_password_alone_and_logs_in_as_itself(string overlay)
    {
        var rendered = Overlay.Get(overlay);
        foreach (var workload in rendered.Workloads.Where(w => w.Role is "app" or "command"))
        {
            var variables = workload.Program.Items("env").ToArray();
            Assert.Equal([$"{workload.Service}-server-login"],
                workload.Pod.Items("volumes").Select(v => v.Text("secret.secretName")).Where(s => s?.EndsWith("-login", StringComparison.Ordinal) == true));
            Assert.All(variables.Where(v => v.Text("name") is "ConnectionStrings__cache" or "ConnectionStrings__control"), v =>
            {
                Assert.Contains(v.Text("value")!.Split(','), part => part == $"user={workload.Service}" || part == "user=$(SERVICE)");
                Assert.DoesNotContain("password", v.Text("value"), StringComparison.Ordinal);
            });
            Assert.Equal("amqps://$(SERVICE)@rabbitmq:5671", variables.Single(v => v.Text("name") == "ConnectionStrings__messaging").Text("value"));
            Assert.Equal("/etc/medcor/login/passwords", variables.Single(v => v.Text("name") == "Servers__PasswordFile").Text("value"));
        }
    }
}
