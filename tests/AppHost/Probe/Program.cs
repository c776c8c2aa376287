// What the tests of the host have it run: a service that can be healthy, talk and crash. And, with "host" and options, a
// small host of its own, in a process that a test can kill.

using MedCor.Hosting;

if (args is ["host", .. var options])
{
    var application = DistributedApplication.CreateBuilder(options);
    var postgres = application.AddPostgres("postgres");
    var cache = application.AddRedis("cache");
    var messaging = application.AddRabbitMQ("messaging");
    application.AddProject<Probe>("probe").WithHttpEndpoint().WithExternalHttpEndpoints().WithHttpHealthCheck("/health")
        .WaitFor(postgres).WaitFor(cache).WaitFor(messaging);
    application.Build().Run();
    return;
}

var app = WebApplication.CreateBuilder(args).Build();
app.MapGet("/health", () => "ok");
app.MapPost("/say", (string line) => Console.WriteLine(line));
app.MapPost("/crash", () => Environment.FailFast("asked to"));
app.Run();

internal sealed class Probe : IProjectMetadata
{
    public string ProjectPath => AssemblyPath;

    public string AssemblyPath => typeof(Probe).Assembly.Location;
}
