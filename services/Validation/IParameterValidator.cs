namespace MedCor.Validation;

/// <summary>
/// Validates the parameters of a tool by rules that annotations cannot express: rules about several parameters, the caller, or the current date at a hospital.
/// </summary>
public interface IParameterValidator<in TTool>
{
    /// <summary>
    /// Adds all errors, which are reported together with those of the annotations. It runs before an idempotency key identifies a call as a repetition, so
    /// parameters that were valid once must stay valid.
    /// </summary>
    /// <param name="request">
    /// The parameters. A parameter that is invalid by itself is omitted and has the default of its type; see <see cref="ParameterErrors.AreRight"/>.
    /// </param>
    Task AddErrorsAsync(TTool request, ParameterErrors errors, CancellationToken ct);
}
