using MedCor.Contracts;

namespace MedCor.ServiceDefaults.Tools;

/// <summary>Does what a tool says. Found by its type; a tool of the service without one stops the service's start.</summary>
public interface IHandle<in TTool, TResult> where TTool : ITool<TResult>
{
    /// <summary>Runs once per call, for writes inside the call's transaction. Refuses by throwing a <see cref="Problems.Refusal"/>.</summary>
    Task<TResult> Handle(TTool asked, CancellationToken ct);
}

/// <summary>For a handler of a write with work that takes long and must hold no connection meanwhile: hashing, asking another service.</summary>
public interface IPrepare<in TTool>
{
    /// <summary>Runs before the call's transaction begins, on the handler that will handle the call. May refuse.</summary>
    Task Prepare(TTool asked, CancellationToken ct);
}
