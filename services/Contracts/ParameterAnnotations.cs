namespace MedCor.Contracts;

/// <summary>Marks a parameter of an update that is not the new value of a field, such as a reason or an added note. Null is the same as omitting it.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NotAFieldAttribute : Attribute;

/// <summary>Marks a property that is never null in a response. Null stands for a value that an event of an earlier version does not contain.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NeverNullInResponseAttribute : Attribute;

/// <summary>Specifies a name under which older clients send a parameter. It is accepted in place of the parameter's own name and is not listed.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class AliasAttribute(string name) : Attribute
{
    public string Name => name;
}
