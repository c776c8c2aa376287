namespace MedCor.Validation;

/// <summary>Checks the parameters of a tool by rules that no annotation says: of several parameters together, of who calls, of the day by a hospital's clocks.</summary>
public interface IParameterValidator<in TTool>
{
    /// <summary>
    /// Notes all that is wrong, which is refused together with what the annotations refuse. Asked before a call is known as a repetition by its idempotency key: what was right once must stay so.
    /// </summary>
    /// <param name="request">The parameters. Those that are wrong by themselves are left out and have their type's default; <see cref="ParameterErrors.AreRight"/> tells them.</param>
    Task AddErrorsAsync(TTool request, ParameterErrors errors, CancellationToken ct);
}
