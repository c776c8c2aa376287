using MedCor.AppHost.Servers;

namespace MedCor.AppHost.Hosting;

/// <summary>
/// Configures the replicas of a project. Settings apply to every replica; a project that references this one gets the address of every replica.
/// </summary>
/// <param name="endpoint">The name of the endpoint at which other projects call this one.</param>
internal sealed class ReplicatedProject(string name, IReadOnlyList<IResourceBuilder<ProjectResource>> replicas, string endpoint = "http")
{
    public string Name => name;

    public IReadOnlyList<IResourceBuilder<ProjectResource>> Replicas => replicas;

    /// <summary>Gets whether clients outside the application use the project.</summary>
    public bool IsExternal => replicas[0].Resource.Annotations.OfType<EndpointAnnotation>().Any(endpoint => endpoint.IsExternal);

    /// <summary>Gets whether the project has its own database, so that operator commands can run in it.</summary>
    public bool HasDatabase { get; private set; }

    /// <summary>Configures every replica.</summary>
    public ReplicatedProject With(Action<IResourceBuilder<ProjectResource>> configure)
    {
        foreach (var replica in replicas) configure(replica);
        return this;
    }

    /// <summary>Adds a database as connection <c>db</c>. The project starts when the database is healthy.</summary>
    public ReplicatedProject WithDatabase(IResourceBuilder<IResourceWithConnectionString> database)
    {
        HasDatabase = true;
        return With(replica => replica.WithReference(database, connectionName: "db").WaitFor(database));
    }

    /// <summary>Adds the connection string of the project's login at a server. The project starts when the server is healthy.</summary>
    public ReplicatedProject WithServer(SharedServer server)
    {
        var (connectionString, passwordFile) = server.GetConnection(Name);
        return With(replica =>
        {
            replica.WithEnvironment($"ConnectionStrings__{server.Resource.Resource.Name}", connectionString)
                .WithReferenceRelationship(server.Resource).WaitFor(server.Resource);
            if (passwordFile is not null) replica.WithEnvironment("Servers__PasswordFile", passwordFile);
        });
    }

    /// <summary>
    /// Adds the addresses of other projects' replicas (<c>services__name__http__0</c>, …). This sets no start order, because services depend on each other
    /// in cycles.
    /// </summary>
    public ReplicatedProject WithReference(params IEnumerable<ReplicatedProject> projects) => With(replica =>
    {
        foreach (var project in projects)
        {
            replica.WithReference(project.Replicas[0], project.Name);
            for (var index = project.HasOtherEndpoint ? 0 : 1; index < project.Replicas.Count; index++)
                replica.WithEnvironment($"services__{project.Name}__http__{index}", project.Replicas[index].GetEndpoint(project.Endpoint))
                    .WithReferenceRelationship(project.Replicas[index]);
        }
    });

    private string Endpoint => endpoint;

    private bool HasOtherEndpoint => endpoint != "http";
}
