using MedCor.Platform.Secrets;

namespace MedCor.Platform.Database;

/// <summary>
/// Declares that a property of an <see cref="IEncryptedRow"/> is stored encrypted with the keys of the row's hospital. The property is a text, in a column of
/// text or JSON, or a list of texts. Code that reads or writes the column by SQL, by a projection or by <c>ExecuteUpdate</c> uses <see cref="TextEncryption"/>.
/// </summary>
/// <param name="ifDestroyed">What a text reads as when the keys of the hospital were destroyed; of JSON that is parsed, an empty document.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class EncryptedAttribute(string ifDestroyed = TextEncryption.Destroyed) : Attribute
{
    /// <summary>Gets what a text reads as when the keys of the hospital were destroyed.</summary>
    public string IfDestroyed => ifDestroyed;
}
