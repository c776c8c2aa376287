namespace MedCor.Hosting.ApplicationModel;

/// <summary>A PostgreSQL server.</summary>
public sealed class PostgresServerResource : ServerResource
{
    internal PostgresServerResource(string name, int? port) : base(name, 5432, port)
    {
    }

    internal List<PostgresDatabaseResource> Databases { get; } = [];

    private protected override string ConnectionString => $"Host=localhost;Port={Port};Username=postgres;Password={Password}";

    internal string ConnectionStringOf(string database) => $"{ConnectionString};Database={database}";
}

/// <summary>A database of a PostgreSQL server; created when the server is first ready.</summary>
public sealed class PostgresDatabaseResource : Resource, IResourceWithConnectionString
{
    internal PostgresDatabaseResource(string name, string databaseName, PostgresServerResource parent) : base(name)
    {
        DatabaseName = databaseName;
        Parent = parent;
    }

    /// <summary>Its name within the server.</summary>
    public string DatabaseName { get; }

    /// <summary>The server that holds it.</summary>
    public PostgresServerResource Parent { get; }

    /// <inheritdoc />
    public ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default) =>
        new(Parent.ConnectionStringOf(DatabaseName));
}
