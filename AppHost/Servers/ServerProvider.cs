namespace MedCor.AppHost.Servers;

/// <summary>Adds the application's servers to the model, however they are run.</summary>
internal abstract class ServerProvider
{
    /// <summary>Adds a PostgreSQL server.</summary>
    public abstract IPostgresServer AddPostgres(string name);

    /// <summary>Adds a Redis server, which refuses to store more than it may instead of deleting anything.</summary>
    /// <param name="maxMegabytes">The maximum size of its data.</param>
    public abstract IResourceBuilder<IResourceWithConnectionString> AddRedis(string name, int maxMegabytes);

    /// <summary>Adds a RabbitMQ broker.</summary>
    public abstract IResourceBuilder<IResourceWithConnectionString> AddRabbitMQ(string name);
}

/// <summary>Represents a PostgreSQL server that databases can be added to.</summary>
internal interface IPostgresServer
{
    /// <summary>Adds a database. It is created when the server is ready, unless it already exists.</summary>
    IResourceBuilder<IResourceWithConnectionString> AddDatabase(string name);
}
