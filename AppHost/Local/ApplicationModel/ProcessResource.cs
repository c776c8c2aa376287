namespace MedCor.Hosting.ApplicationModel;

/// <summary>A resource that runs as one or more processes of this machine.</summary>
public abstract class ProcessResource : Resource, IResourceWithWaitSupport
{
    private protected ProcessResource(string name) : base(name)
    {
    }

    internal int Replicas { get; set; } = 1;

    internal List<ProcessResource> WaitsFor { get; } = [];
}

/// <summary>A server that is installed on the machine: it has a port, a password and data of its own.</summary>
public abstract class ServerResource : ProcessResource, IResourceWithConnectionString
{
    private string? _password;
    private int _port;

    private protected ServerResource(string name, int usualPort, int? port) : base(name)
    {
        UsualPort = usualPort;
        FixedPort = port;
    }

    internal int UsualPort { get; }

    internal int? FixedPort { get; }

    internal int Port => _port != 0 ? _port : throw NotStarted();

    internal string Password => _password ?? throw NotStarted();

    private protected abstract string ConnectionString { get; }

    /// <inheritdoc />
    public ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default) => new(ConnectionString);

    internal void Allocate(int port, string password) => (_port, _password) = (port, password);

    private InvalidOperationException NotStarted() => new($"'{Name}' has no address before the application starts.");
}
