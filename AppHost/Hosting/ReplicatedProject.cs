namespace MedCor.AppHost.Hosting;

/// <summary>Configures the replicas of a project. What is set here is set for each; a project that refers to it gets the address of each.</summary>
internal sealed class ReplicatedProject(string name, IReadOnlyList<IResourceBuilder<ProjectResource>> replicas)
{
    public string Name => name;

    public IReadOnlyList<IResourceBuilder<ProjectResource>> Replicas => replicas;

    /// <summary>Gets whether clients outside of the application use it.</summary>
    public bool IsExternal => replicas[0].Resource.Annotations.OfType<EndpointAnnotation>().Any(endpoint => endpoint.IsExternal);

    /// <summary>Gets whether it has a database of its own, so that operators may have something done to it.</summary>
    public bool HasDatabase { get; private set; }

    /// <summary>Configures each replica.</summary>
    public ReplicatedProject With(Action<IResourceBuilder<ProjectResource>> configure)
    {
        foreach (var replica in replicas) configure(replica);
        return this;
    }

    /// <summary>Gives it its own database, as the connection <c>db</c>; it starts when the database is healthy.</summary>
    public ReplicatedProject WithDatabase(IResourceBuilder<IResourceWithConnectionString> database)
    {
        HasDatabase = true;
        return With(replica => replica.WithReference(database, connectionName: "db").WaitFor(database));
    }

    /// <summary>Gives it a server's connection string; it starts when the server is healthy.</summary>
    public ReplicatedProject WithServer(IResourceBuilder<IResourceWithConnectionString> server) => With(replica => replica.WithReference(server).WaitFor(server));

    /// <summary>Gives it the addresses of other projects' replicas (<c>services__name__http__0</c>, …). That orders nothing: services need each other in circles.</summary>
    public ReplicatedProject WithReference(params IEnumerable<ReplicatedProject> others) => With(replica =>
    {
        foreach (var other in others)
        {
            replica.WithReference(other.Replicas[0], other.Name);
            for (var index = 1; index < other.Replicas.Count; index++)
                replica.WithEnvironment($"services__{other.Name}__http__{index}", other.Replicas[index].GetEndpoint("http")).WithReferenceRelationship(other.Replicas[index]);
        }
    });
}
