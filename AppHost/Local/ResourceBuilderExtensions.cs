using MedCor.Hosting.ApplicationModel;

namespace MedCor.Hosting;

/// <summary>How resources are added and tied together. Names and signatures are Aspire's.</summary>
public static class ResourceBuilderExtensions
{
    /// <summary>Adds a PostgreSQL server.</summary>
    public static IResourceBuilder<PostgresServerResource> AddPostgres(this IDistributedApplicationBuilder builder, string name, int? port = null) =>
        Add(builder, new PostgresServerResource(name, port));

    /// <summary>Adds a database to the server. Its connection string is known by the resource's name.</summary>
    public static IResourceBuilder<PostgresDatabaseResource> AddDatabase(
        this IResourceBuilder<PostgresServerResource> builder, string name, string? databaseName = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var database = new PostgresDatabaseResource(name, databaseName ?? name, builder.Resource);
        builder.Resource.Databases.Add(database);
        return Add(builder.ApplicationBuilder, database);
    }

    /// <summary>Adds a Redis server.</summary>
    public static IResourceBuilder<RedisResource> AddRedis(this IDistributedApplicationBuilder builder, string name, int? port = null) =>
        Add(builder, new RedisResource(name, port));

    /// <summary>Adds a RabbitMQ broker.</summary>
    public static IResourceBuilder<RabbitMQServerResource> AddRabbitMQ(this IDistributedApplicationBuilder builder, string name, int? port = null) =>
        Add(builder, new RabbitMQServerResource(name, port));

    /// <summary>Adds a project of this repository as a service.</summary>
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, string name)
        where TProject : IProjectMetadata, new() =>
        Add(builder, new ProjectResource(name, new TProject()));

    /// <summary>Adds a value; a secret one is masked wherever it would be shown.</summary>
    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder, string name, string value, bool publishValueAsDefault = false, bool secret = false) =>
        Add(builder, new ParameterResource(name, value, secret));

    /// <summary>Keeps the data across restarts. Servers of this host always do: in the data directory, under their name.</summary>
    public static IResourceBuilder<PostgresServerResource> WithDataVolume(this IResourceBuilder<PostgresServerResource> builder) => builder;

    /// <inheritdoc cref="WithDataVolume(IResourceBuilder{PostgresServerResource})" />
    public static IResourceBuilder<RedisResource> WithDataVolume(this IResourceBuilder<RedisResource> builder) => builder;

    /// <inheritdoc cref="WithDataVolume(IResourceBuilder{PostgresServerResource})" />
    public static IResourceBuilder<RabbitMQServerResource> WithDataVolume(this IResourceBuilder<RabbitMQServerResource> builder) => builder;

    /// <summary>Gives the connection string of another resource, as <c>ConnectionStrings__name</c>.</summary>
    public static IResourceBuilder<T> WithReference<T>(
        this IResourceBuilder<T> builder, IResourceBuilder<IResourceWithConnectionString> source, string? connectionName = null)
        where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(source);
        Project(builder).Connections.Add((connectionName ?? source.Resource.Name, source.Resource));
        return builder;
    }

    /// <summary>Gives the addresses of another service, as <c>services__name__http__0</c> and following, and <c>NAME_HTTP</c>.</summary>
    public static IResourceBuilder<T> WithReference<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResourceWithServiceDiscovery> source)
        where T : IResourceWithEnvironment
    {
        Project(builder).References.Add(Project(source));
        return builder;
    }

    /// <summary>Starts the resource only when the other one, in all its replicas, is healthy.</summary>
    public static IResourceBuilder<T> WaitFor<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency)
        where T : IResourceWithWaitSupport
    {
        ArgumentNullException.ThrowIfNull(dependency);
        var process = dependency.Resource switch
        {
            PostgresDatabaseResource database => database.Parent,
            ProcessResource resource => resource,
            _ => throw new ArgumentException($"'{dependency.Resource.Name}' is not started, so nothing can wait for it.", nameof(dependency)),
        };
        var waits = ((ProcessResource)(object)Resource(builder)).WaitsFor;
        if (!waits.Contains(process))
        {
            waits.Add(process);
        }

        return builder;
    }

    /// <summary>Sets an environment variable.</summary>
    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, string? value)
        where T : IResourceWithEnvironment
    {
        Project(builder).Environment[name] = (() => value ?? "", false);
        return builder;
    }

    /// <summary>Sets an environment variable to where another service listens, at its first replica.</summary>
    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, EndpointReference endpointReference)
        where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(endpointReference);
        Project(builder).Environment[name] = (() => endpointReference.Url, false);
        return builder;
    }

    /// <summary>Names an endpoint of a resource.</summary>
    public static EndpointReference GetEndpoint<T>(this IResourceBuilder<T> builder, string name) where T : IResourceWithEndpoints
    {
        _ = Endpoint(builder, name);
        return new(builder.Resource, name);
    }

    /// <summary>Sets an environment variable to a parameter's value; a secret one is shown masked.</summary>
    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, IResourceBuilder<ParameterResource> parameter)
        where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(parameter);
        Project(builder).Environment[name] = (() => parameter.Resource.Value, parameter.Resource.Secret);
        return builder;
    }

    /// <summary>Lets the resource listen for HTTP, on that port or on any free one.</summary>
    public static IResourceBuilder<T> WithHttpEndpoint<T>(this IResourceBuilder<T> builder, int? port = null, string? name = null)
        where T : IResourceWithEndpoints
    {
        var project = Project(builder);
        project.Http = project.Http is null
            ? new EndpointAnnotation(name ?? "http", port)
            : throw new DistributedApplicationException($"'{project.Name}' already has an endpoint; one is what this host gives a project.");
        return builder;
    }

    /// <summary>Changes an endpoint.</summary>
    public static IResourceBuilder<T> WithEndpoint<T>(this IResourceBuilder<T> builder, string endpointName, Action<EndpointAnnotation> callback)
        where T : IResourceWithEndpoints
    {
        ArgumentNullException.ThrowIfNull(callback);
        callback(Endpoint(builder, endpointName));
        return builder;
    }

    /// <summary>Marks the endpoints as meant for people and clients outside the application.</summary>
    public static IResourceBuilder<T> WithExternalHttpEndpoints<T>(this IResourceBuilder<T> builder) where T : IResourceWithEndpoints
    {
        if (Project(builder).Http is { } endpoint)
        {
            endpoint.IsExternal = true;
        }

        return builder;
    }

    /// <summary>Shows a further link with the resource.</summary>
    public static IResourceBuilder<T> WithUrlForEndpoint<T>(
        this IResourceBuilder<T> builder, string endpointName, Func<EndpointReference, ResourceUrlAnnotation> callback)
        where T : IResourceWithEndpoints
    {
        ArgumentNullException.ThrowIfNull(callback);
        _ = Endpoint(builder, endpointName);
        Project(builder).Urls.Add(() => callback(new EndpointReference(builder.Resource, endpointName)));
        return builder;
    }

    /// <summary>Holds the resource healthy while a GET of that path answers 2xx.</summary>
    public static IResourceBuilder<T> WithHttpHealthCheck<T>(this IResourceBuilder<T> builder, string? path = null)
        where T : IResourceWithEndpoints
    {
        Project(builder).HealthPath = path ?? "/";
        return builder;
    }

    /// <summary>Runs the project in that many processes.</summary>
    public static IResourceBuilder<ProjectResource> WithReplicas(this IResourceBuilder<ProjectResource> builder, int replicas)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentOutOfRangeException.ThrowIfLessThan(replicas, 1);
        builder.Resource.Replicas = replicas;
        return builder;
    }

    private static ResourceBuilder<T> Add<T>(IDistributedApplicationBuilder builder, T resource) where T : IResource
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Resources.Add(resource);
        return new ResourceBuilder<T>(resource, builder);
    }

    private static T Resource<T>(IResourceBuilder<T> builder) where T : IResource
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Resource;
    }

    // Projects are the only resources with an environment and endpoints here; the interfaces are there to match Aspire's.
    private static ProjectResource Project<T>(IResourceBuilder<T> builder) where T : IResource => (ProjectResource)(object)Resource(builder);

    private static EndpointAnnotation Endpoint<T>(IResourceBuilder<T> builder, string name) where T : IResource
    {
        var project = Project(builder);
        return project.Http is { } endpoint && endpoint.Name == name
            ? endpoint
            : throw new DistributedApplicationException($"'{project.Name}' has no endpoint named '{name}'.");
    }
}
