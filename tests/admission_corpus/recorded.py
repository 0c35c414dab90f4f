"""Pickles of packages that are not installed here, as those packages wrote them: name, version, protocol 2 and 5."""

from __future__ import annotations

import base64

_WRITTEN = {
    "omegaconf-2.4.0-2": (
        "fC6K0ZDnU+V{dL|E@WwAbYpLBW@%>%L}_DmLvL<oX=e&?04afS0ex`-C|C&q003WYWprU=VRT_}17mM(WoKbyZ*FETVqtS-"
        "3PW#hbYW?3WpYhrbYWy+bYTi{1Sx@W1$}V_C|C#p0044jW?yu9aAk1^V|00NX>Ml<L2h{paR^uo0001QVrpe$bYFCNaAk1`V_#olb!lv"
        "LX>MO%3S?<xbP90_SO@?B0B>+~X>V>}Y;g;SSOWk60BdD=aSTpa1poj5W^7?+b8!uQaSm7t0001HY++|}Uvh76ba4-"
        "fSPlRH0CHt>Z)|pDa$jR%V`yb@5MyI+Y;0v?bZKvHa|&c-"
        "W?^+~bYy8`bP911XbOdK5>jy!SO@?B0BdD=UvznJWpNZ}2v`gN003odWo>0{bYFCNaAk27Xb5#;SO)+A0AFxna%FCGaTZQk2mk;8Ut@1"
        ">bY*UIaTk4Y7${f;0001OZ)9a`aT#N8ZDnU+V{dL|E^cpRWpfHaZh1~`WMv9*8YzKs8+~ycC};y?Z*65~VPkJ@W-"
        "el3b7cxmWprU=VRT^%aUCgvaUOkfA1G)CXb5NtPG}2=Xbfl>XbpXFAZQPXXb@--"
        "XbOdKAyRQ7bz*21XaQIR0001Ac42IBBUl6g004GrbaQbebz)cr0001Cb!2I8aV2N~DS>e&eQ_r!Xai^jDS>e)eQ_x$Xa{HrXbETvXbXs"
        "F3}_{24SjJcXb*{K5NHu-3WaeiQgJM36le%&6=(=`VrUj<0caO}aV;oV3jhEBb75_8Y-"
        "L|^VRU72E@&DlfpIT=aWE)o185y7fpIZ?aWW`q2WSXr2~KDWh-eIGE@%yXaWiNSiD(dL5oij9aWqnKHFaWW7HB4DBTXV!bz)cp0001HW"
        "^{2jV{dI`XJKP+Ze}iQX>)XAZ*FF3X9`Sdb96&*Zf0p`3UN0nfpIu}aXBbx184*(fpI#0aXTnz2WSXr31eShVs&Y3bZKs1UkYq#b94%E"
        "JZKAuXbfmJXbpXFJ!lV!Xb@--"
        "XbOdKK2mW%XcS{#Ut)D>Y;<XEUtbDrZ*FG_aX@GlXb5#;XclNDXct{^K`3Y%DS>f9eQ`r5Xai^+DS>fBeQ`x7Xa{HrXbDbe3y5e8O8{s"
        "MeQ`!;4~b|HXc1@%g>gqxaY%JyXclNVXd_Djbz*25DS>fGeQ`=CXai^+DS>fIeQ``EXa{HrXbDbe3y5e8O95yNeQ`}_4~b|HXc1@%g>g"
        "<&aZhz(XclNVXd_2J1ONa40001WVrUvEfpJiMaZxB}185y7fpJoOaZ@O02WSXr2~KDWh-eH;0%#3=aa3pziD(dL5oij9aaB@rR&`=%7H"
        "BwVBTjW<Xc{SjaaVnDSSV-%XdNkmaanzFS}14-Xb5NtPG}2=XbejOXbpXFTWAl7Xb@--"
        "XbOdKTvBmebz*21XgFvih;?FRbz*gOVpszJ0044zZgE~{8YzKsUwv_4C};y{9VvlvVSRC8C};<02xtjTXbXsF3}{|x4SjKAXb*{K5NHu"
        "-3WafGQgLN<VrUj<0cayw2mk;8BztXdWMyo9ab|U5SOfq70CaC;Z*ga68YzKsXnk>MC};y{9VvlvYJG8QC};<02xtjTXbXsF3}|O)4Sj"
        "KJXb*{K5NHu-3WafPQgLo|VrUj<0cayw0{{R3KR-WlZ*^jIbz&|"
    ),
    "omegaconf-2.4.0-5": (
        "fCZIg1ONa40001t6mM;1XJKP+Ze}iIX=8L_Z*FF3XOxTzL}_DmLvL<oX=jv^lqrFfeUvDS314kxbYWy+bYYZ?4sUH`XJKP+Ze}iGVRL1"
        "aj1fa`ZggR3Ze?;!WprU=VRT`Xlawielzo&aj0kdNW?yu9aAlN?26TCFX>Mnfi~~V#d6bisj0<mKYGq?|UvznJWt5BvVs&Y3bZKsLl#B"
        "#qX=8Mhla!1IZ*X*JZ*F01l!%N2Yh`(qPK*U+Y++|}lzo(p3TA9!XLDb2Z*O#ziHr_%Wpi(Ac4cy3V_{=xWt5ByV{dG1Wn*+{Z*Fsxj0"
        "<FCW?^+~bYy8`bd-~nXcC2#Qk0AcYh`&~ba`-"
        "PlxPl&3}tL(ZDnqBUvznJWt3<Rbz+PMUvOb^Wo~qoPK*d&V{dMBWo~qoeUvDS1#NF+Wo(p;4{vQ{XJKP+Ze}iSZ)9b2l#B;KZh1~`WM!"
        "0-lqrFfeUvC@1!xA02u)>lVPs)+VU&}UDS?!IlqhHmXbxx(PG}Q|XcTB8Xcc{wXcviS7-"
        "$=45`~mflyzcgAZP=O1YdSxY?O=yc4>5Tlyzc^1z~k$X>XKh0x5x%eUvC@1!xE<fs}oeC}<044rmW(5@-{MXcTBNXcc{wXcviS7-"
        "$=45`~mflxQAk4rm`}4s~K^AZP<<A$^o6j0<yNZE$R5Uvgn|Wt3<pDS?!IlqhHgXeudzlzo&aXbWf#Xb(<k6NqROXgg>XeUxYyiD(#T8"
        ")y=Rlv0#+VrU>}GiWePB35-`j00w7bd-z~Z*65~VPkJ@W-"
        "e@Lb97^GZf0p`l#B{YX>)W#Z*FF3XOxqaDS?!IlqhHgXb35Rlzo&aXbWf#Xb)%*j09|Hb99uGlxP!(XcTBeXcc{wXcviS7-"
        "$=45`~mflxQAk5R3z9ZgiBBlxQDl4s~K^AZRmaAzhRxXeKFvlzo&aXa#60DS?!IlqhHmXbxx(PG}Q|XcS8TXcc{wXcviS7-"
        "$=45`~mflyzcgAZSNuFiQb-VrV8Qfs}oeC};&}Dk*`KeUvC@3uq2#4^C(kh-"
        "ef`0caI{lxP=;Xc%Z4XcC2#Qj~RKXdq}uXfQ`W1ONa40001WVrV8Qfs}oeC};&}Dk*`KeUvC@3uq2#4^C(kh-"
        "ef`0%#R|lxP=;Xc%Z4XcC2#Qj~RKXdq}uXfRH7VrV8Qfs}oeC};&}Dk*`KeUvC@3uq2#4^C(kh-"
        "ef`185a}lxP=;Xc%Z4XcC2#Qj~RKXdq}uXfTL%Vr6w=b#-El19Ek4lxQX?fs}oeC};&}Dk*`KeUvC@3uq2#4^C(kh-egOZ)g>LlxP=;X"
        "c%Z4XcC2#Qj~RKXdq|<XfTWjBztXdWMyo9lyzc^1axm?Z<J^zDS?!IlqhHgXeudzlzo&aXbWf#Xb(<k6NqROXn1H9eUxYyiD(#T8)y=R"
        "lv0#+VrU>}186Xe13y1Mlyzctbz&|"
    ),
    "yacs-0.1.8-2": (
        "fC6KAVPkVHV{dL|X=e&UW@k=sWMv9*04afS0Vr4j0001CaRN&LSOEY40Ag_iXaFgJaRgWa0001EaRo~PbA53JC|C^u003WKX>DzFbYWs"
        "_WnW)$2Z>k{0001AUu0!)a%E#-"
        "bY)~;Yh`(JUte(uV_#olb!lvLX>MO%3Ug(23ULWtaSDZT3sP|mSP%dJ0AF8nWo}_@Wn^D#WqEU7UvUk6aSm7y0001AUv6c0Utw%)Z+B&"
        "6Ute(#iFIOieQ^*dXa|XC2xtjiaS?@a5>jy!XbpXF6lf2Lbz&|"
    ),
    "yacs-0.1.8-5": (
        "fCZJG000000001t3wdE<b1q|VZf0p`l#B;MW@k=sWM!0-lqrFfD2xGNluH4O0b-"
        "PB0x5x%i~(bmO9FF!lqif1Utei$ZFO{EVr*q!UzCZA6JK9sWpHw3V_|e<WM6A#d2?T1l#i5*5MN(%Wo}_@Wn^D#WqEU7UzB~6j1OO5Ze"
        "@30VQg$~cV%Q>UzCY;Vs(9#C};_ZXbO*%XbgRnXby>WVlD"
    ),
    "easydict-1.14-2": (
        "fC6J>VRLz8X=8K>MPYM!L}_Dm3UL4_fpGySSOEY40AX<gO95B`0001DaRX=oDS>eWSOEY40Aq0lO9FF!aRz7wO9FFZb$xLMC};vp0cZn"
        "g1a)FA"
    ),
    "easydict-1.14-5": (
        "fCZIF000000001t2xVb&d1Ps0bd-"
        "z;MPYM!L}_Dml#`Sxfs`nW0b!I&0gM4+lxPAefs~8^W0Xq*bA6O(2TKBTVs(9#C};#r0cZti26bXC"
    ),
    "munch-4.0.0-2": (
        "fC6J}b#7y53QcuxV`vI-04afS0Vr4j0001CaRN&LSOEY40Ag_iXaFgJaRgWa0001EaRo~PbA53JXa!3Gb7FOUaR(@90!smC184+wVlD"
    ),
    "munch-4.0.0-5": (
        "fCZI9000000001t1#NY1V`!9&1x<BsV`!9<lqrFfD2xGNluH4O0b-PB0x5x%i~(bmO9FF!lxPP_0&`+@eUvC@1WN&E1!x9!VlD"
    ),
    "pandas-3.1.1-2": (
        "fC7DS04P`m0001DWoLD6aRFm+VQyq$b1q+OX<~CObaQNJVskEZX>Db5bYX39a|&N|Zg6R1Yiwm-bZKp6b97;Ca0+n(D2fLF5U(}$O9oD"
        "3WMOn=bZKp63Uq00WqNOJWeRZvV`O1;Wprt6WeRj@ZDnL-"
        "Y;<7?aRf^MO8`p%hj9f`aR!BP2U2keO9^yw2~u$iSOfq70CaC}YjF!>aA9s_VRJ5DY-wV1E_8EjX<~CObZKp6WMyo0VRH&!bZKp6WMyo"
        "0VPAD_aA{*}Y-I{@3`#&k4**LEhH(v2aSm7o0001PWp-"
        "t9aSvl~VQyq$b1q+OX<~CObaQNJVskETVRUqPaAgW#Zees^b#8EJV{2?>3ULrlg>ey5aT0Yd"
    ),
    "pandas-3.1.1-5": (
        "fCZHm0RR910001elqie^Vr6G_Zj_83aA9s_VRJ5DY-wV1E_8EjX<~CObZKp6b97;CaC4N56JK?1aA{*}Y-"
        "L|`X>Db5bYX39l#`SwiU$A?uQl~c22P9!WMOn=bZKp6l#B>;X>DbCZ*FCjlay!$j0tpUZDnL-"
        "Y;<9ilaxyUO8`p%hm=y3g_Kg1O9^z8Qk0AYbZ>8Kl#Cv5VQyq$b1q+OX<~CObaQNJVskEZX>Da>Wo&d|bCiq|Uvz10Wn^V+bYWk0Zg6R"
        "1Yiwndlaxw8LJt5-35JwXl#B&#Wp-t9l#Cm2VQyq$b1q+OX<~CObaQNJVskETVRUqPaAlN?4PS0ybYFFDaA{*}Y-N;_lum_|Qj~Qr"
    ),
}  # fmt: skip

RECORDED = {name: base64.b85decode(text) for name, text in _WRITTEN.items()}
"""By package, version and protocol."""
