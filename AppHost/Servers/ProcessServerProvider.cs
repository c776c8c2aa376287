using MedCor.AppHost.Data;
using MedCor.Contracts;

namespace MedCor.AppHost.Servers;

/// <summary>Runs the servers as processes of this machine, from the machine's own packages.</summary>
/// <param name="certificates">The certificates with which Redis and RabbitMQ answer by TLS; null when they do not.</param>
internal sealed class ProcessServerProvider(IDistributedApplicationBuilder builder, DataDirectory data, bool reset, ServerPackages installation,
    DevelopmentCertificates? certificates)
    : ServerProvider
{
    private ServerLogins Logins => field ??= new(data);

    public override IPostgresServer AddPostgres(string name)
    {
        Prepare(name, "postgresql");
        return new Databases(PostgresProcess.Add(builder, name, data, Password(name)).WithResetDataCommand(data));
    }

    public override SharedServer AddRedis(string name, int maxMegabytes, IReadOnlyList<RedisLogin>? logins = null)
    {
        Prepare(name, "redis-server");
        var server = RedisProcess.Add(builder, name, data, Password(name), maxMegabytes, logins ?? [], Logins, certificates).WithResetDataCommand(data);
        return new(server, logins?.Select(login => login.User).ToArray(), server.Resource.GetConnectionString, Logins);
    }

    public override SharedServer AddRabbitMQ(string name, IReadOnlyList<string>? programs = null)
    {
        Prepare(name, "rabbitmq-server");
        var server = RabbitMQProcess.Add(builder, name, data, Password(name), programs ?? [], Logins, certificates).WithResetDataCommand(data);
        return new(server, programs, server.Resource.GetConnectionString, Logins);
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
