// The application model: the servers and services, and their dependencies. It is the same whether it is run here or published.

using MedCor.AppHost.Hosting;
using MedCor.Contracts;

return await MedCorHost.RunAsync(args, host =>
{
    var postgres = host.Servers.AddPostgres("postgres");
    // What users fill, and what protects the others from them.
    var cache = host.Servers.AddRedis("cache", maxMegabytes: 384, RedisAccess.Cache);
    var control = host.Servers.AddRedis("control", maxMegabytes: 128, RedisAccess.Control);
    var messaging = host.Servers.AddRabbitMQ("messaging", BrokerAccess.Programs);

    var hospital = Service<Projects.MedCor_Hospital>("hospital")
        .WithOperatorCommand("verify-audit", "Verify the audit trail", "ShieldCheckmark")
        .WithOperatorCommand("copy-audit", "Copy the audit trail's last week to Clinical again", "Copy");
    var identity = Service<Projects.MedCor_Identity>("identity")
        .WithOperatorCommand("demo-year", "Add a demo year's people", "PeopleAdd")
        .WithOperatorCommand("rotate-keys", "Rotate the signing keys", "KeyReset")
        .WithOperatorCommand("verify-audit", "Verify the audit trail", "ShieldCheckmark")
        .WithOperatorCommand("copy-audit", "Copy the audit trail's last week to Clinical again", "Copy");
    var clinical = Service<Projects.MedCor_Clinical>("clinical")
        .WithOperatorCommand("demo-year", "Add a demo year's appointments", "CalendarAdd")
        .WithOperatorCommand("start-encryption", "Start to encrypt texts after an upgrade", "LockClosed")
        .WithOperatorCommand("verify-audit", "Verify the audit trail", "ShieldCheckmark");
    var billing = Service<Projects.MedCor_Billing>("billing")
        .WithOperatorCommand("verify-audit", "Verify the audit trail", "ShieldCheckmark")
        .WithOperatorCommand("copy-audit", "Copy the audit trail's last week to Clinical again", "Copy");
    var analytics = Service<Projects.MedCor_Analytics>("analytics")
        .WithOperatorCommand("rebuild", "Rebuild the statistics", "ArrowSync")
        .WithOperatorCommand("verify-audit", "Verify the audit trail", "ShieldCheckmark")
        .WithOperatorCommand("copy-audit", "Copy the audit trail's last week to Clinical again", "Copy");
    var chat = Service<Projects.MedCor_Chat>("chat").WithServer(cache)
        .WithOperatorCommand("start-encryption", "Start to encrypt texts after an upgrade", "LockClosed")
        .WithOperatorCommand("verify-audit", "Verify the audit trail", "ShieldCheckmark")
        .WithOperatorCommand("copy-audit", "Copy the audit trail's last week to Clinical again", "Copy");
    var gateway = host.AddProject<Projects.MedCor_Gateway>("gateway", GatewayAddress.Port, GatewayAddress.Host, isPublic: true)
        .WithServer(cache).WithServer(control).WithServer(messaging)
        .With(replica => replica.WithExternalHttpEndpoints().WithHttpHealthCheck("/health")
            .WithUrlForEndpoint("http", _ => new() { Url = "/api/docs/", DisplayText = "API docs" }));

    // Services start at the same time, and each tolerates that another is not available yet.
    hospital.WithReference(identity, clinical);
    identity.WithReference(hospital, clinical);
    clinical.WithReference(identity, hospital);
    billing.WithReference(identity, hospital);
    analytics.WithReference(identity, hospital);
    chat.WithReference(identity, hospital, clinical, billing, analytics, gateway);
    gateway.WithReference(identity, hospital, clinical, billing, analytics, chat);
    // Identity issues tokens under this URL, and every process validates them.
    foreach (var process in (ReplicatedProject[])[hospital, identity, clinical, billing, analytics, chat, gateway])
        process.With(replica => replica.WithEnvironment("Identity__PublicUrl", gateway.Replicas[0].GetEndpoint("http")));

    // Without an API key, a demo model answers chats and says that it is not an AI. The published application has none.
    if (!host.IsPublishing && !ForwardedSettings.IsSet("OPENAI_API_KEY") && !ForwardedSettings.IsSet("OPENAI_BASE_URL"))
    {
        var model = host.AddProject<Projects.MedCor_DemoModel>("model", isReplicated: false).With(replica => replica.WithHttpHealthCheck("/health"));
        chat.With(replica => replica.WithEnvironment("OPENAI_BASE_URL", model.Replicas[0].GetEndpoint("http")).WithEnvironment("OPENAI_API_KEY", "demo"));
    }

    // Without a mail server, a mailbox receives what Identity sends and shows it. The published application has none.
    if (!host.IsPublishing && !ForwardedSettings.IsSet("MCP_SMTP_URL"))
    {
        var mailbox = host.AddProject<Projects.MedCor_Mailbox>("mailbox", isReplicated: false).With(replica => replica.WithHttpHealthCheck("/health"));
        var smtp = host.AddEndpoint(mailbox, "smtp", variable: "MAILBOX_SMTP_PORT");
        identity.With(replica => replica.WithEnvironment("MCP_SMTP_URL", smtp).WithEnvironment("MCP_MAIL_FROM", "MedCor <no-reply@medcor.example>"));
    }

    // For the gateway's home page. The URL is passed without the token that opens the dashboard, because services must not have it.
    if (host.Dashboard is { } dashboard) gateway.With(replica => replica.WithEnvironment("MEDCOR_DASHBOARD_URL", dashboard));

    host.ForwardSettings(variable => variable switch
    {
        "MCP_SERVER_TOKEN" => [chat, gateway],
        "MCP_STATE_SECRET" or "MCP_STATE_SECRET_PREVIOUS" => [gateway],
        "MCP_SMTP_URL" or "MCP_MAIL_FROM" => [identity],
        _ when variable.StartsWith("OPENAI_", StringComparison.Ordinal) => [chat],
        _ => [hospital, identity, clinical, billing, analytics, chat, gateway],
    });

    ReplicatedProject Service<TProject>(string name) where TProject : IProjectMetadata, new() => host.AddProject<TProject>(name)
        .WithDatabase(postgres.AddDatabase($"{name}db")).WithServer(control).WithServer(messaging)
        .With(replica => replica.WithHttpHealthCheck("/health"));
});
