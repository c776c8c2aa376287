using MedCor.Contracts;
using MedCor.Validation;

namespace MedCor.Platform.Tools;

/// <summary>Runs the handler of a tool, whichever of the two interfaces it implements.</summary>
internal abstract class ToolExecution<TTool, TResult> where TTool : ITool<TResult>
{
    /// <summary>Gets the handler, which may also be an <see cref="ICurrentStateProvider{TTool}"/> and an <see cref="IParameterValidator{TTool}"/>.</summary>
    public abstract object Handler { get; }

    /// <summary>Prepares a call and returns the rest of it, which for a write runs inside the call's transaction.</summary>
    public abstract Task<Func<Task<TResult>>> PrepareAsync(TTool request, CancellationToken ct);
}

/// <summary>Runs a handler that prepares nothing.</summary>
internal sealed class DirectExecution<TTool, TResult>(IToolHandler<TTool, TResult> handler) : ToolExecution<TTool, TResult> where TTool : ITool<TResult>
{
    public override object Handler => handler;

    public override Task<Func<Task<TResult>>> PrepareAsync(TTool request, CancellationToken ct) => Task.FromResult(() => handler.HandleAsync(request, ct));
}

/// <summary>Runs a handler that prepares its calls.</summary>
internal sealed class PreparedExecution<TTool, TPrepared, TResult>(IToolHandler<TTool, TPrepared, TResult> handler) : ToolExecution<TTool, TResult>
    where TTool : ITool<TResult>
{
    public override object Handler => handler;

    public override async Task<Func<Task<TResult>>> PrepareAsync(TTool request, CancellationToken ct)
    {
        var prepared = await handler.PrepareAsync(request, ct);
        return () => handler.HandleAsync(request, prepared, ct);
    }
}
