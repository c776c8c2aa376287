namespace MedCor.Contracts;

/// <summary>Represents the scopes of an access token. What they permit is computed once.</summary>
public sealed class ScopeSet
{
    private readonly IReadOnlyList<Scope> _scopes;
    private readonly ulong _granted;

    private ScopeSet(IReadOnlyList<Scope> scopes)
    {
        var hasClinical = Scopes.ExtendToClinical(scopes);
        (_scopes, _granted) = (scopes, scopes.Aggregate(0UL, (bits, scope) => bits | (hasClinical ? scope.GrantedWithClinical : scope.Granted)));
    }

    /// <summary>Gets the scopes in the order of the text, each once.</summary>
    public IReadOnlyList<Scope> All => _scopes;

    /// <summary>Returns the scopes that a text names, separated by spaces. A text without any permits nothing.</summary>
    /// <param name="unknown">The names in the text that no scope has.</param>
    public static ScopeSet Parse(string text, out IReadOnlyList<string> unknown)
    {
        var names = text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Distinct().ToArray();
        unknown = [.. names.Where(name => Scopes.Find(name) is null)];
        return new([.. names.Select(Scopes.Find).OfType<Scope>()]);
    }

    /// <summary>Returns whether the scopes permit what requires a scope of an area.</summary>
    public bool Covers(Scope required) => (_granted & required.Bit) != 0;

    /// <summary>Returns whether everything that another set permits is permitted.</summary>
    public bool Includes(ScopeSet other) => (other._granted & ~_granted) == 0;

    /// <summary>Returns those of some scopes that permit no more than this set.</summary>
    /// <param name="requested">The names of scopes. Unknown ones are left out.</param>
    public ScopeSet Narrow(IEnumerable<string> requested)
    {
        var scopes = requested.Distinct().Select(Scopes.Find).OfType<Scope>().Where(scope =>
            _scopes.Contains(scope) || (scope.Granted != 0 && Includes(new([scope])))).ToArray();
        var narrowed = new ScopeSet(scopes);
        return Includes(narrowed) ? narrowed : new([.. scopes.Where(_scopes.Contains)]);
    }

    /// <summary>Returns the names of the scopes, separated by spaces.</summary>
    public override string ToString() => string.Join(' ', _scopes.Select(scope => scope.Name));
}
