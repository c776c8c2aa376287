using MedCor.Contracts;

namespace MedCor.Platform.Tools;

/// <summary>
/// Handles the calls of a tool. Found by its type. A tool of the service without a handler stops the service's start, unless it reads one entity by its id: then
/// <see cref="GetByIdHandler{TTool, TResult}"/> handles it.
/// </summary>
public interface IToolHandler<in TTool, TResult> where TTool : ITool<TResult>
{
    /// <summary>Handles a call, for a write inside the call's transaction. Refuses by throwing an <see cref="ApiException"/>.</summary>
    Task<TResult> HandleAsync(TTool request, CancellationToken ct);
}

/// <summary>
/// Handles the calls of a tool in two steps, of which the first takes long and must hold no database connection meanwhile: it hashes a password or asks another service.
/// Found like an <see cref="IToolHandler{TTool, TResult}"/>, in whose place it stands.
/// </summary>
/// <typeparam name="TPrepared">What the first step hands to the second.</typeparam>
public interface IToolHandler<in TTool, TPrepared, TResult> where TTool : ITool<TResult>
{
    /// <summary>Prepares a call, before its transaction begins. Refuses by throwing an <see cref="ApiException"/>.</summary>
    Task<TPrepared> PrepareAsync(TTool request, CancellationToken ct);

    /// <summary>Handles a call that was prepared, for a write inside the call's transaction. Refuses by throwing an <see cref="ApiException"/>.</summary>
    Task<TResult> HandleAsync(TTool request, TPrepared prepared, CancellationToken ct);
}

/// <summary>
/// Provides the current state of the entity that a handler changes. A value that a caller sends back unchanged is accepted even if a newer rule would
/// reject it.
/// </summary>
public interface ICurrentStateProvider<in TTool>
{
    /// <summary>Returns the entity as the caller reads it. Throws <see cref="NotFound"/> or <see cref="Forbidden"/> when there is none or the caller may not read it.</summary>
    Task<object> GetCurrentAsync(TTool request, CancellationToken ct);
}
