using MedCor.AppHost.Data;

namespace MedCor.AppHost.Servers;

/// <summary>Runs the servers as processes of this machine, from the machine's own packages.</summary>
internal sealed class ProcessServerProvider(IDistributedApplicationBuilder builder, DataDirectory data, bool reset, ServerPackages installation)
    : ServerProvider
{
    public override IPostgresServer AddPostgres(string name)
    {
        Prepare(name, "postgresql");
        return new Databases(PostgresProcess.Add(builder, name, data, Password(name)).WithResetDataCommand(data));
    }

    public override IResourceBuilder<IResourceWithConnectionString> AddRedis(string name, int maxMegabytes)
    {
        Prepare(name, "redis-server");
        return RedisProcess.Add(builder, name, data, Password(name), maxMegabytes).WithResetDataCommand(data);
    }

    public override IResourceBuilder<IResourceWithConnectionString> AddRabbitMQ(string name)
    {
        Prepare(name, "rabbitmq-server");
        return RabbitMQProcess.Add(builder, name, data, Password(name)).WithResetDataCommand(data);
    }

    private void Prepare(string name, string package)
    {
        installation.Require(package);
        if (reset) data.DeleteServerData(name);
    }

    private ParameterResource Password(string name) => builder.AddParameter($"{name}-password", () => data.GetPassword(name), secret: true).Resource;

    private sealed class Databases(IResourceBuilder<PostgresProcess> server) : IPostgresServer
    {
        public IResourceBuilder<IResourceWithConnectionString> AddDatabase(string name) => PostgresProcess.AddDatabase(server, name);
    }
}
