using MedCor.Contracts;

namespace MedCor.AppHost.Servers;

/// <summary>Adds the application's servers to the model, however they are run.</summary>
internal abstract class ServerProvider
{
    /// <summary>Adds a PostgreSQL server.</summary>
    public abstract IPostgresServer AddPostgres(string name);

    /// <summary>Adds a Redis server, which refuses to store more than it may instead of deleting anything.</summary>
    /// <param name="maxMegabytes">The maximum size of its data.</param>
    /// <param name="logins">The logins of the programs; null when each program logs in as the administrator.</param>
    public abstract SharedServer AddRedis(string name, int maxMegabytes, IReadOnlyList<RedisLogin>? logins = null);

    /// <summary>Adds a RabbitMQ broker.</summary>
    /// <param name="programs">
    /// The programs that have a login, with the rights of <see cref="BrokerAccess"/>; null when each logs in as the administrator.
    /// </param>
    public abstract SharedServer AddRabbitMQ(string name, IReadOnlyList<string>? programs = null);
}

/// <summary>Represents a PostgreSQL server that databases can be added to.</summary>
internal interface IPostgresServer
{
    /// <summary>Adds a database. It is created when the server is ready, unless it already exists.</summary>
    IResourceBuilder<IResourceWithConnectionString> AddDatabase(string name);
}
