namespace MedCor.Validation;

/// <summary>Collects parameter errors found by rules that annotations cannot express.</summary>
public sealed class ParameterErrors
{
    private readonly Dictionary<string, List<string>> _errors;
    private readonly HashSet<string> _wrong;

    /// <param name="errors">The errors found so far, to which more are added.</param>
    internal ParameterErrors(Dictionary<string, List<string>> errors) => (_errors, _wrong) = (errors, [.. errors.Keys.Select(RootOf)]);

    /// <summary>Gets whether any error was found so far.</summary>
    public bool Any => _errors.Count > 0;

    /// <summary>Returns whether each of these parameters is valid by itself, as a rule that combines them requires.</summary>
    public bool AreRight(params ReadOnlySpan<string> parameters)
    {
        foreach (var parameter in parameters)
            if (_wrong.Contains(parameter)) return false;
        return true;
    }

    /// <summary>Adds an error in a field. Ignored for a parameter that could not be read or that breaks its own rules.</summary>
    public void Add(string field, string wrong)
    {
        if (AreRight(RootOf(field))) _errors.AddError(field, wrong);
    }

    /// <summary>Adds an error when the last day of a range is before the first.</summary>
    public void AddDateRange(DateOnly? first, DateOnly? last)
    {
        if (AreRight("date_from", "date_to") && first > last) Add("date_to", "must not be before date_from");
    }

    /// <summary>Returns the parameter that contains a field: <c>items</c> for <c>items[0].name</c>.</summary>
    internal static string RootOf(string field) => field.IndexOfAny(['.', '[']) is > 0 and var end ? field[..end] : field;
}
