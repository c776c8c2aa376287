// The application model: which servers and services there are, and who needs whom. It is written once, against Aspire's
// API, and hosted twice: by MedCor.Hosting (the default, no containers) and by Aspire (Aspire/MedCor.AppHost.Aspire.csproj).

using System.Collections;

var builder = DistributedApplication.CreateBuilder(args);
var replicas = int.Parse(builder.Configuration["replicas"] ?? "1");

var postgres = builder.AddPostgres("postgres").WithDataVolume();
var cache = builder.AddRedis("cache").WithDataVolume();
var messaging = builder.AddRabbitMQ("messaging").WithDataVolume();

var hospital = Service<Projects.MedCor_Hospital>("hospital");
var identity = Service<Projects.MedCor_Identity>("identity");
var clinical = Service<Projects.MedCor_Clinical>("clinical");
var billing = Service<Projects.MedCor_Billing>("billing");
var analytics = Service<Projects.MedCor_Analytics>("analytics");
var chat = Service<Projects.MedCor_Chat>("chat");

var gateway = builder.AddProject<Projects.MedCor_Gateway>("gateway")
    .WithHttpEndpoint(port: GatewayPort())
    .WithEndpoint("http", endpoint => endpoint.TargetHost = builder.Configuration["MCP_SERVER_HOST"] ?? "localhost")
    .WithExternalHttpEndpoints()
    .WithUrlForEndpoint("http", _ => new() { Url = "/api/docs/", DisplayText = "API docs" })
    .WithHttpHealthCheck("/health")
    .WithReference(cache).WaitFor(cache)
    .WithReference(messaging).WaitFor(messaging)
    .WithReplicas(replicas);

// A reference gives an address and orders nothing: services need each other in circles (tokens, people, hospitals), so
// they start at the same time, and each bears that another is not there yet.
hospital.WithReference(identity).WithReference(clinical);
identity.WithReference(hospital).WithReference(clinical);
clinical.WithReference(identity).WithReference(hospital);
billing.WithReference(identity).WithReference(hospital);
analytics.WithReference(identity).WithReference(hospital);
chat.WithReference(identity).WithReference(hospital).WithReference(clinical).WithReference(billing).WithReference(analytics)
    .WithReference(gateway);
gateway.WithReference(identity).WithReference(hospital).WithReference(clinical).WithReference(billing)
    .WithReference(analytics).WithReference(chat);

// Without a key there is still somebody to chat with, who says that it is no AI. What is published has none.
if (builder.ExecutionContext.IsRunMode && Settings().All(s => s.Name is not ("OPENAI_API_KEY" or "OPENAI_BASE_URL")))
{
    var model = builder.AddProject<Projects.MedCor_DemoModel>("model").WithHttpEndpoint().WithHttpHealthCheck("/health");
    chat.WithEnvironment("OPENAI_BASE_URL", model.GetEndpoint("http")).WithEnvironment("OPENAI_API_KEY", "demo");
}

foreach (var (name, value) in Settings())
{
    var secret = IsSecret(name) ? builder.AddParameter(ParameterName(name), value, secret: true) : null;
    foreach (var project in Readers(name))
    {
        _ = secret is null ? project.WithEnvironment(name, value) : project.WithEnvironment(name, secret);
    }
}

builder.Build().Run();

IResourceBuilder<ProjectResource> Service<TProject>(string name) where TProject : IProjectMetadata, new()
{
    var database = postgres.AddDatabase($"{name}db");
    return builder.AddProject<TProject>(name)
        .WithHttpEndpoint()
        .WithHttpHealthCheck("/health")
        .WithReference(database, connectionName: "db").WaitFor(database)
        .WithReference(cache).WaitFor(cache)
        .WithReference(messaging).WaitFor(messaging)
        .WithReplicas(replicas);
}

// 8002 unless told otherwise; 0 is any free port.
int? GatewayPort() => ushort.TryParse(builder.Configuration["MCP_SERVER_PORT"] ?? "8002", out var port)
    ? port > 0 ? port : null
    : throw new ArgumentException("MCP_SERVER_PORT must be a port, 0 to 65535.");

// Secrets go to nobody who has no use for them.
IResourceBuilder<ProjectResource>[] Readers(string setting) => setting switch
{
    "MCP_SERVER_TOKEN" => [chat, gateway],
    _ when setting.StartsWith("OPENAI_", StringComparison.Ordinal) => [chat],
    _ => [hospital, identity, clinical, billing, analytics, chat, gateway],
};

// What is configured here reaches every service that reads it; where the gateway listens is its endpoint's matter (ASPNETCORE_URLS).
static IEnumerable<(string Name, string Value)> Settings() =>
    from DictionaryEntry variable in Environment.GetEnvironmentVariables()
    let name = (string)variable.Key
    let value = (string?)variable.Value
    // A name without a value, as templates of such files have them, sets nothing.
    where value is { Length: > 0 }
    where name.StartsWith("MCP_", StringComparison.Ordinal) || name.StartsWith("OPENAI_", StringComparison.Ordinal)
    where name is not ("MCP_SERVER_HOST" or "MCP_SERVER_PORT")
    orderby name
    // Services run in folders of their own.
    select (name, name == "MCP_LOG_FILE" ? Path.GetFullPath(value) : value);

// URLs may carry a password (MCP_DATABASE_URL).
static bool IsSecret(string name) =>
    name.EndsWith("_KEY", StringComparison.Ordinal) || name.EndsWith("_TOKEN", StringComparison.Ordinal)
    || name.EndsWith("_SECRET", StringComparison.Ordinal) || name.EndsWith("_PASSWORD", StringComparison.Ordinal)
    || name.EndsWith("_URL", StringComparison.Ordinal);

static string ParameterName(string variable) =>
    string.Join('-', variable.Split('_', StringSplitOptions.RemoveEmptyEntries)).ToLowerInvariant();
