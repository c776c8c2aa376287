namespace MedCor.Validation;

/// <summary>What is wrong with the parameters of a call, for rules that no annotation says.</summary>
public sealed class ParameterErrors
{
    private readonly Dictionary<string, List<string>> _errors;
    private readonly HashSet<string> _wrong;

    /// <param name="errors">What is wrong so far; more is added to it.</param>
    internal ParameterErrors(Dictionary<string, List<string>> errors) => (_errors, _wrong) = (errors, [.. errors.Keys.Select(RootOf)]);

    /// <summary>Whether anything is wrong so far.</summary>
    public bool Any => _errors.Count > 0;

    /// <summary>Whether each of these parameters is right by itself: only then a rule can say something of them together.</summary>
    public bool AreRight(params ReadOnlySpan<string> parameters)
    {
        foreach (var parameter in parameters)
            if (_wrong.Contains(parameter)) return false;
        return true;
    }

    /// <summary>Notes what is wrong with a field. Of a parameter that could not be read, or breaks its own rules, nothing more is noted.</summary>
    public void Add(string field, string wrong)
    {
        if (AreRight(RootOf(field))) _errors.AddError(field, wrong);
    }

    /// <summary>Notes it as wrong where the last day of a range lies before the first.</summary>
    public void AddDateRange(DateOnly? first, DateOnly? last)
    {
        if (AreRight("date_from", "date_to") && first > last) Add("date_to", "must not be before date_from");
    }

    /// <summary>The parameter in which a field stands: <c>items</c> of <c>items[0].name</c>.</summary>
    internal static string RootOf(string field) => field.IndexOfAny(['.', '[']) is > 0 and var end ? field[..end] : field;
}
