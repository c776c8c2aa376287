using System.Reflection;
using MedCor.Contracts;
using MedCor.Platform.Resources;

namespace MedCor.Platform.Tools;

/// <summary>Handles a tool that reads one entity by its id and has no handler of its own.</summary>
internal sealed class GetByIdHandler<TTool, TResult>(IResourceHandler<TResult> resource) : IToolHandler<TTool, TResult> where TTool : ITool<TResult>
{
    private static readonly Func<TTool, Guid> GetId = GetByIdHandler.GetParameters(typeof(TTool)).Single().GetMethod!.CreateDelegate<Func<TTool, Guid>>();

    public Task<TResult> HandleAsync(TTool request, CancellationToken ct) => resource.GetAsync(GetId(request), ct);
}

internal static class GetByIdHandler
{
    /// <summary>Returns whether a tool reads an entity of its own service and has an id as its only parameter.</summary>
    internal static bool CanHandle(ToolDescriptor tool) =>
        tool is { Effect: Effect.Read, ReturnsSingleEntity: true } && tool.Params.Namespace == tool.Result.Namespace && GetParameters(tool.Params) is [{ } only]
        && only.PropertyType == typeof(Guid);

    internal static PropertyInfo[] GetParameters(Type tool) => tool.GetProperties(BindingFlags.Instance | BindingFlags.Public);
}
