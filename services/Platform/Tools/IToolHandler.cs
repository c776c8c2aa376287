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
/// For a handler that changes texts, days or numbers which its callers read: what they send back as they read it was taken once and is again, also where a rule of today would refuse it.
/// </summary>
public interface ICurrentStateProvider<in TTool>
{
    /// <summary>What the caller reads of the thing that is to be changed. Refuses where they may not read it or there is none.</summary>
    Task<object> GetCurrentAsync(TTool request, CancellationToken ct);
}
