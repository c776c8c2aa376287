namespace MedCor.Tests.EndToEnd.Hosting;

/// <summary>Runs a host with all three servers, a service of two replicas and one that calls it.</summary>
public sealed class HostFixture : IAsyncLifetime
{
    public const string Secret = "a-secret-of-the-test";

    internal string Data { get; } = Directory.CreateTempSubdirectory("medcor-host-").FullName;

    internal HostProcess Host { get; private set; } = null!;

    public async Task InitializeAsync() =>
        Host = await HostProcess.Start("services", Data, ["--replicas", "2"], ("MCP_RATE_LIMIT", "100"), ("MCP_SERVER_TOKEN", Secret));

    public async Task DisposeAsync()
    {
        await Host.DisposeAsync();
        Directory.Delete(Data, recursive: true);
    }
}

/// <summary>Shares the host between tests, because RabbitMQ is slow to start. The tests run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class HostCollection : ICollectionFixture<HostFixture>
{
    public const string Name = "a running host";
}
