using System.Buffers.Binary;
using System.Text;

namespace MedCor.Hosting.Dashboard.Otlp;

/// <summary>
/// Reads a protobuf message field by field, from where it lies: <see cref="Next"/> goes on to a field, one of the other members
/// takes its value, and a value that nobody takes is passed over. Throws <see cref="FormatException"/> on what is no message,
/// and on a value of another type than the one it is taken for.
/// </summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private const int VarintType = 0;
    private const int Fixed64Type = 1;
    private const int BytesType = 2;
    private const int Fixed32Type = 5;

    private ReadOnlySpan<byte> _rest = message;
    private ReadOnlySpan<byte> _value;
    private ulong _number;
    private int _type;

    /// <summary>The number of the present field.</summary>
    public int Field { get; private set; }

    public readonly ulong Varint => Is(VarintType) ? _number : 0;

    public readonly ulong Fixed64 => Is(Fixed64Type) ? BinaryPrimitives.ReadUInt64LittleEndian(_value) : 0;

    public readonly double Double => BitConverter.UInt64BitsToDouble(Fixed64);

    public readonly ReadOnlySpan<byte> Bytes => Is(BytesType) ? _value : default;

    public readonly string Text => Encoding.UTF8.GetString(Bytes);

    public readonly ProtobufReader Message => new(Bytes);

    public bool Next()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        var key = TakeVarint();
        (Field, _type) = key >> 3 is > 0 and <= int.MaxValue ? ((int)(key >> 3), (int)(key & 7)) : throw Malformed();
        switch (_type)
        {
            case VarintType:
                _number = TakeVarint();
                break;
            case Fixed64Type:
                _value = Take(sizeof(ulong));
                break;
            case BytesType:
                _value = Take(TakeVarint());
                break;
            case Fixed32Type:
                _value = Take(sizeof(uint));
                break;
            default:
                // Groups, which OTLP does not have.
                throw Malformed();
        }

        return true;
    }

    /// <summary>The elements of a repeated field of eight bytes each: all of them, when they are packed, else the present one.</summary>
    public readonly void AppendTo(List<ulong> elements)
    {
        if (_type == Fixed64Type)
        {
            elements.Add(Fixed64);
            return;
        }

        var packed = Bytes;
        if (packed.Length % sizeof(ulong) != 0)
        {
            throw Malformed();
        }

        for (; !packed.IsEmpty; packed = packed[sizeof(ulong)..])
        {
            elements.Add(BinaryPrimitives.ReadUInt64LittleEndian(packed));
        }
    }

    private readonly bool Is(int type) => _type == type ? true : throw Malformed();

    private ulong TakeVarint()
    {
        ulong number = 0;
        for (var (index, shift) = (0, 0); index < _rest.Length && shift < 64; index++, shift += 7)
        {
            number |= (ulong)(_rest[index] & 0x7F) << shift;
            if (_rest[index] < 0x80)
            {
                _rest = _rest[(index + 1)..];
                return number;
            }
        }

        throw Malformed();
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)_rest.Length)
        {
            throw Malformed();
        }

        var taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }

    private static FormatException Malformed() => new("This is not the protobuf message that it should be.");
}
