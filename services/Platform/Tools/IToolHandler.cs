using MedCor.Contracts;

namespace MedCor.Platform.Tools;

/// <summary>
/// Handles the calls of a tool. Handlers are found by their type. The service does not start without a handler for each of its tools, except for a tool that
/// reads one entity by its id, which
/// <see cref="GetByIdHandler{TTool, TResult}"/> handles.
/// </summary>
public interface IToolHandler<in TTool, TResult> where TTool : ITool<TResult>
{
    /// <summary>Handles a call; a write runs in the transaction of the call. Throws an <see cref="ApiException"/> to reject it.</summary>
    Task<TResult> HandleAsync(TTool request, CancellationToken ct);
}

/// <summary>
/// Handles the calls of a tool in two steps, of which the first takes long and must not hold a database connection: it hashes a password or calls another
/// service. It is found like an <see cref="IToolHandler{TTool, TResult}"/>, which it replaces.
/// </summary>
/// <typeparam name="TPrepared">The result of the first step, which the second step receives.</typeparam>
public interface IToolHandler<in TTool, TPrepared, TResult> where TTool : ITool<TResult>
{
    /// <summary>Prepares a call before its transaction begins. Throws an <see cref="ApiException"/> to reject it.</summary>
    Task<TPrepared> PrepareAsync(TTool request, CancellationToken ct);

    /// <summary>Handles a prepared call; a write runs in the transaction of the call. Throws an <see cref="ApiException"/> to reject it.</summary>
    Task<TResult> HandleAsync(TTool request, TPrepared prepared, CancellationToken ct);
}

/// <summary>
/// Provides the current state of the entity that a handler changes. A value that a caller sends back unchanged is accepted even if a newer rule would
/// reject it.
/// </summary>
public interface ICurrentStateProvider<in TTool>
{
    /// <summary>
    /// Returns the entity as the caller reads it. Throws <see cref="NotFound"/> or <see cref="Forbidden"/> when there is none or the caller may not read it.
    /// </summary>
    Task<object> GetCurrentAsync(TTool request, CancellationToken ct);
}

/// <summary>
/// Limits a stored result, which a call with the idempotency key of an earlier one returns again, to what the caller may see by now. A handler implements it if
/// its results contain more than its callers have sent themselves, and callers can lose the right to see that.
/// </summary>
public interface IReplayLimiter<TResult>
{
    /// <summary>Returns the result as the caller may see it by now; the same object when that is all of it.</summary>
    Task<TResult> LimitAsync(TResult result, CancellationToken ct);
}
