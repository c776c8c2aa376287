using System.Reflection;
using MedCor.Contracts;
using MedCor.Platform.ServiceClients;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Platform.Tools;

/// <summary>Maps a service's tools to <c>POST /tools/{name}</c>: the body contains the parameters, the response the result.</summary>
internal static class ToolEndpoints
{
    /// <summary>
    /// Registers the tool handlers of an assembly, and a <see cref="GetByIdHandler{TTool, TResult}"/> for each tool without one that reads one entity by its
    /// id. Throws <see cref="InvalidOperationException"/> listing every other tool of the service without a handler.
    /// </summary>
    internal static IReadOnlyList<ToolDescriptor> AddToolHandlers(this IServiceCollection services, Assembly assembly, string service)
    {
        var handlers = (from type in assembly.GetTypes()
                        where type is { IsClass: true, IsAbstract: false }
                        from handled in type.GetInterfaces()
                        where handled.IsGenericType
                            && (handled.GetGenericTypeDefinition() == typeof(IToolHandler<,>) || handled.GetGenericTypeDefinition() == typeof(IToolHandler<,,>))
                        select (Tool: handled.GetGenericArguments()[0], Handled: handled, Implementation: type)).ToDictionary(h => h.Tool);

        var tools = ToolCatalogue.All.Values.Where(t => t.Service == service).ToArray();
        foreach (var tool in tools.Where(t => !handlers.ContainsKey(t.Params) && GetByIdHandler.CanHandle(t)))
        {
            var arguments = new[] { tool.Params, tool.Result };
            handlers.Add(tool.Params, (tool.Params, typeof(IToolHandler<,>).MakeGenericType(arguments), typeof(GetByIdHandler<,>).MakeGenericType(arguments)));
        }
        var unhandled = tools.Where(t => !handlers.ContainsKey(t.Params)).Select(t => t.Name).ToArray();
        if (unhandled.Length > 0)
            throw new InvalidOperationException($"The {service} service has no handler for these tools of the contracts: {string.Join(", ", unhandled)}.");

        foreach (var (tool, handled, implementation) in handlers.Values)
        {
            var arguments = handled.GetGenericArguments();
            var execution = arguments.Length == 2 ? typeof(DirectExecution<,>) : typeof(PreparedExecution<,,>);
            services.AddScoped(implementation);
            services.AddScoped(handled, provider => provider.GetRequiredService(implementation));
            services.AddScoped(typeof(ToolExecution<,>).MakeGenericType(tool, arguments[^1]), execution.MakeGenericType(arguments));
        }
        return tools;
    }

    /// <summary>Maps the tools, and the lookups of other services.</summary>
    internal static void MapTools(this IEndpointRouteBuilder app, IEnumerable<ToolDescriptor> tools)
    {
        foreach (var tool in tools)
        {
            var create = typeof(ToolEndpoints).GetMethod(nameof(CreateHandler), BindingFlags.NonPublic | BindingFlags.Static)!
                .MakeGenericMethod(tool.Params, tool.Result);
            var handle = create.CreateDelegate<Func<ToolDescriptor, Scope?, RequestDelegate>>();
            app.MapPost($"/tools/{tool.Name}", handle(tool, tool.Scope)).WithDisplayName(tool.Name).WithMetadata(tool);
            // The gateway does not forward this path. A service looks up what it has no copy of yet, and shows its caller nothing of it.
            if (tool is { Effect: Effect.Read, ReturnsSingleEntity: true, HasClinicalContent: false })
                app.MapPost($"{ToolClient.LookupPath}/{tool.Name}", handle(tool, null)).WithDisplayName(tool.Name);
        }
    }

    private static RequestDelegate CreateHandler<TTool, TResult>(ToolDescriptor tool, Scope? scope) where TTool : ITool<TResult> =>
        http => new ToolCall<TTool, TResult>(http, tool, scope).RunAsync();
}
