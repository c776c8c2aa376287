namespace MedCor.Hosting.ApplicationModel;

/// <summary>A value from outside; a secret one is never shown.</summary>
public sealed class ParameterResource : Resource
{
    internal ParameterResource(string name, string value, bool secret) : base(name)
    {
        Value = value;
        Secret = secret;
    }

    /// <summary>Whether the value is masked wherever it would be shown.</summary>
    public bool Secret { get; }

    internal string Value { get; }
}
