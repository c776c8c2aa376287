using System.Reflection;
using MedCor.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Platform.Resources;

/// <summary>Maps a service's resources to <c>GET /resources/{name}</c> and <c>/resources/{name}/{id}</c>.</summary>
internal static class ResourceEndpoints
{
    /// <summary>
    /// Registers the resource handlers of an assembly. Throws <see cref="InvalidOperationException"/> listing every resource of the service without a handler.
    /// </summary>
    internal static IReadOnlyList<ResourceDescriptor> AddResourceHandlers(this IServiceCollection services, Assembly assembly, string service)
    {
        var handlers = (from type in assembly.GetTypes()
                        where type is { IsClass: true, IsAbstract: false }
                        from handled in type.GetInterfaces()
                        where handled.IsGenericType && handled.GetGenericTypeDefinition() == typeof(IResourceHandler<>)
                        select (Entity: handled.GetGenericArguments()[0], Handled: handled, Implementation: type)).ToDictionary(h => h.Entity);

        var resources = ResourceCatalogue.All.Values.Where(r => r.Service == service).ToArray();
        var unhandled = resources.Where(r => !handlers.ContainsKey(r.Entity)).Select(r => r.Name).ToArray();
        if (unhandled.Length > 0)
            throw new InvalidOperationException($"The {service} service has no handler for these resources of the contracts: {string.Join(", ", unhandled)}.");

        foreach (var (_, handled, implementation) in handlers.Values)
        {
            services.AddScoped(implementation);
            services.AddScoped(handled, provider => provider.GetRequiredService(implementation));
        }
        return resources;
    }

    /// <summary>Maps the resources.</summary>
    internal static void MapResources(this IEndpointRouteBuilder app, IEnumerable<ResourceDescriptor> resources)
    {
        foreach (var resource in resources)
        {
            var map = typeof(ResourceEndpoints).GetMethod(nameof(Map), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(resource.Entity);
            map.CreateDelegate<Action<IEndpointRouteBuilder, ResourceDescriptor>>()(app, resource);
        }
    }

    private static void Map<TEntity>(IEndpointRouteBuilder app, ResourceDescriptor resource)
    {
        app.MapGet($"/resources/{resource.Name}", http => new ResourceCall<TEntity>(http, resource, isSingle: false).RunAsync()).WithMetadata(resource);
        app.MapGet($"/resources/{resource.Name}/{{id}}", http => new ResourceCall<TEntity>(http, resource, isSingle: true).RunAsync()).WithMetadata(resource);
    }
}
